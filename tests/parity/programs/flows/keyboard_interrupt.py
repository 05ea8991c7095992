from headrace import flow


@flow
def main():
    raise KeyboardInterrupt()


@main.on_crashed
def crashed(flow, run, state):
    print("crashed", state.type.value, state.message)


try:
    main()
except KeyboardInterrupt:
    print("interrupted")
