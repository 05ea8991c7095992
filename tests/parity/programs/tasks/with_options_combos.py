from headrace import flow, task
from headrace.cache_policies import INPUTS, NO_CACHE


@task(name="base", retries=2, retry_delay_seconds=1, tags=["a"], persist_result=True, cache_policy=INPUTS, log_prints=True)
def base(n):
    return n


changed = base.with_options(name="changed", retries=0, tags=["b", "c"], cache_policy=NO_CACHE, log_prints=False)
again = changed.with_options(description="words", timeout_seconds=4)
print(changed.name, changed.retries, sorted(changed.tags), changed.cache_policy == NO_CACHE, changed.log_prints)
print(again.name, again.retries, sorted(again.tags), again.description, again.timeout_seconds)
print(base.name, base.retries, sorted(base.tags), base.retry_delay_seconds, base.log_prints)
print(again.fn is base.fn, again.task_key == base.task_key, again.persist_result)


@flow
def main():
    return again(1), changed.with_options(retries=3).retries


print(main())
