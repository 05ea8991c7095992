from concurrent.futures import ThreadPoolExecutor

from headrace import flow, task
from headrace.context import FlowRunContext


@task
def t():
    return FlowRunContext.get() is not None


@flow
def f():
    print(t.submit().result(), t())
    with ThreadPoolExecutor() as pool:
        print(pool.submit(lambda: FlowRunContext.get()).result())


f()
