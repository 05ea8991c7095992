from headrace import flow, task
from headrace.cache_policies import CacheKeyFnPolicy

calls = []


def by_task_and_first(context, parameters):
    return f"{context.task.name}-{parameters['a']}-{context.task_run.id is not None}"


@task(cache_key_fn=by_task_and_first, persist_result=True)
def work(a, b):
    calls.append((a, b))
    return a, b


@flow
def main():
    print(work(1, 2), work(1, 3), work(2, 3))
    print([work(1, 9, return_state=True).name, work.with_options(refresh_cache=True)(1, 10), work(1, 11)])
    print(calls)


main()
