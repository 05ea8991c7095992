from headrace import task


@task(name="My Task", description="Does things.", tags={"b", "a"}, version="1.2", retries=3, retry_delay_seconds=4)
def work(x: int, y: str = "z") -> str:
    "docstring"
    return y * x


@task
def other_task():
    """First line.

    Second paragraph.
    """


print(work.name, work.description, sorted(work.tags), work.version, work.retries, work.retry_delay_seconds)
print(work.__name__, work.__doc__, work.fn(2))
print(other_task.name, repr(other_task.description), other_task.tags, other_task.version, other_task.retries)
print(other_task.retry_delay_seconds, other_task.timeout_seconds, other_task.log_prints, other_task.refresh_cache)
print(other_task.persist_result, other_task.cache_expiration, other_task.cache_key_fn, other_task.result_storage_key)
print(work.isasync, work.isgenerator)
