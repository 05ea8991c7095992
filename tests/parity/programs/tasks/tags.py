from headrace import flow, tags, task
from headrace.runtime import task_run


@task(tags=["own"])
def show():
    return sorted(task_run.tags)


@flow
def main():
    print(show())
    with tags("a", "b"):
        print(show())
        with tags("c"):
            print(show())
    print(show())


main()
