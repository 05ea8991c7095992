from headrace import flow, task

calls = []


def broken(task, task_run, state):
    calls.append("condition")
    raise RuntimeError("condition broke")


@task(retries=2, retry_condition_fn=broken)
def fails():
    calls.append("task")
    raise ValueError("x")


@flow
def main():
    state = fails(return_state=True)
    print(state, calls)


main()
