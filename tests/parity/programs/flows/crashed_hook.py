from headrace import flow


def crashed(flow, flow_run, state):
    print("hook:", state.name, "|", state.message)


@flow(on_crashed=[crashed])
def main():
    raise SystemExit(4)


main()
