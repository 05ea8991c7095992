from headrace import flow, task


async def flow_hook(flow, flow_run, state):
    print("flow hook", flow.name, state.name)


async def task_hook(task, task_run, state):
    print("task hook", task.name, state.name)


@task(on_completion=[task_hook], on_failure=[task_hook])
def work(fail):
    if fail:
        raise ValueError("x")
    return 1


@flow(on_completion=[flow_hook], on_failure=[flow_hook])
def main():
    work(False)
    work(True, return_state=True)


main()
