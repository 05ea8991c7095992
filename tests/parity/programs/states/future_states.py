from headrace import flow, task


@task
def ok():
    return 1


@task
def bad():
    raise ValueError("no")


@flow
def main():
    a, b = ok.submit(), bad.submit()
    a.wait(), b.wait()
    print(a.state, b.state)
    print(a.state.is_completed(), b.state.is_failed(), a.state.is_final())
    print(a.state.result(), b.state.result(raise_on_failure=False))
    return None


main()
