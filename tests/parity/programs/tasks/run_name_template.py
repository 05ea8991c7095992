from headrace import flow, task
from headrace.runtime import task_run


@task(task_run_name="greet-{name}-{times:02d}")
def greet(name, times=1):
    return task_run.name


@task(task_run_name="{user[id]} and {obj.real}")
def fields(user, obj):
    return task_run.name


@flow
def main():
    print(greet("ann"))
    print(greet("bob", times=7))
    print(fields({"id": 4}, 3))
    print(greet.submit("eve").result())


main()
