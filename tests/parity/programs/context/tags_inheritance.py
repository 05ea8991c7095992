from headrace import flow, tags, task
from headrace.runtime import flow_run, task_run


@task(tags=["own"])
def work():
    return sorted(task_run.tags)


@flow
def child():
    return sorted(flow_run.tags), work()


@flow
def main():
    print(sorted(flow_run.tags), work())
    with tags("inner"):
        print(work(), work.submit().result(), work.map([], return_state=True) if False else None)
        print(child())
    print(work.with_options(tags=["other"])())


with tags("outer", "more"):
    main()
main()
