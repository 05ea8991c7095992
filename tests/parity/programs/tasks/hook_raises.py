from headrace import flow, task


def bad_hook(task, task_run, state):
    print("hook runs")
    raise RuntimeError("hook broke")


def good_hook(task, task_run, state):
    print("second hook runs")


@task(on_completion=[bad_hook, good_hook])
def work():
    return "value"


@flow
def main():
    print(work())


main()
