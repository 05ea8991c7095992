from headrace import flow, task


@task
def work(n):
    return 10 / n


@work.on_completion
def done(task, task_run, state):
    print("done", state.type.value)


@work.on_failure
def failed(task, task_run, state):
    print("failed", state.message)


@flow
def main():
    work(5)
    work(0, return_state=True)
    print(len(work.on_completion_hooks), len(work.on_failure_hooks))


main()
