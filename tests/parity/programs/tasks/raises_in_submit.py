from headrace import flow, task


@task
def bad():
    raise ValueError("inside")


@flow
def main():
    future = bad.submit()
    future.wait()
    print(future.state.type.value, future.state.message)
    try:
        future.result()
    except ValueError as exc:
        print("raised", exc)
    print(repr(future.result(raise_on_failure=False)))


main()
