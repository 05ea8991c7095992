from headrace import flow, task


@task
def inc(x):
    return x + 1


@flow
def main():
    a = inc.submit(1)
    b = inc.submit(1)
    print(a == b, a == a, len({a, b}))
    print(a.task_run_id == b.task_run_id, type(a.task_run_id).__name__)
    a.wait(), b.wait()
    print(a.state.is_completed(), a.state.name)


main()
