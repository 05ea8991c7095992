from headrace import flow, tags, task
from headrace.context import TagsContext
from headrace.runtime import flow_run, task_run


@task
def t():
    return sorted(task_run.tags)


@flow
def child():
    return sorted(flow_run.tags)


@flow
def main():
    with tags("inner"):
        print(t(), child())
    print(t(), sorted(flow_run.tags))


with tags("outer") as current:
    print(current)
    main()
print(TagsContext.get().current_tags)
