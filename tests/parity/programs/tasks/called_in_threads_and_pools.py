import concurrent.futures
from contextvars import copy_context

from headrace import flow, task
from headrace.runtime import flow_run


@task
def work(n):
    return n * 10, flow_run.flow_name


@flow
def main():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(copy_context().run, work, n) for n in range(3)]
        print([j.result() for j in jobs])


main()
