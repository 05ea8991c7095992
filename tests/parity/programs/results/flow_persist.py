from headrace import flow, task
from headrace.results import get_result_store, should_persist_result


@task
def inner():
    return should_persist_result()


@task(persist_result=False)
def never():
    return should_persist_result()


@flow(persist_result=True)
def yes():
    print(should_persist_result(), inner(), never())


@flow
def default():
    print(should_persist_result(), inner())


yes()
default()
