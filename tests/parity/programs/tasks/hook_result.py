from headrace import flow, task


def show(task, run, state):
    print("result", state.result())


def show_error(task, run, state):
    print("error", repr(state.result(raise_on_failure=False)))


@task(on_completion=[show], on_failure=[show_error])
def t(n):
    return 10 // n


@flow
def f():
    t(2)
    t(0, return_state=True)


f()
