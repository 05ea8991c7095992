from headrace import flow, task


@task
def stop():
    raise KeyboardInterrupt("stop")


@flow
def main():
    try:
        state = stop(return_state=True)
        print("state", state.name)
    except KeyboardInterrupt:
        print("interrupted")
    return 1


print(main())
