from headrace import flow, task
from headrace.runtime import task_run


@task(name="Named Task")
def f(x):
    return task_run.task_name, task_run.name.rsplit("-", 1)[0]


@flow
def main():
    print(f(1))
    print(f.submit(2).result()[0])


main()
