from headrace import flow, task
from headrace.runtime import task_run


def with_parameters(parameters):
    return "n=" + str(parameters["n"])


def plain():
    return f"task {task_run.task_name}"


@task(task_run_name=with_parameters)
def one(n):
    return task_run.name


@task(task_run_name=plain)
def two():
    return task_run.name


@flow
def main():
    print(one(5))
    print(two())
    print(one.map([1, 2]).result())


main()
