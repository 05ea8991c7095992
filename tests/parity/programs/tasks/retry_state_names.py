from headrace import flow, task

names = []


@task(retries=2, retry_delay_seconds=0)
def work():
    from headrace.context import TaskRunContext

    run = TaskRunContext.get().task_run
    names.append((run.run_count, run.state.name))
    raise ValueError("x")


@flow
def main():
    work(return_state=True)
    print(names)


main()
