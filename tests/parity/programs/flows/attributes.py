from headrace import flow
from headrace.task_runners import ThreadPoolTaskRunner


@flow(name="My Flow", description="text", version="v3", retries=2, retry_delay_seconds=7, timeout_seconds=60)
def my_flow():
    pass


@flow(task_runner=ThreadPoolTaskRunner(max_workers=3), validate_parameters=False, persist_result=True)
def other_flow():
    pass


print(my_flow.name, my_flow.description, my_flow.version, my_flow.retries, my_flow.retry_delay_seconds, my_flow.timeout_seconds)
print(type(my_flow.task_runner).__name__)
print(other_flow.name, other_flow.description, type(other_flow.task_runner).__name__, other_flow.should_validate_parameters)
print(other_flow.persist_result, my_flow.persist_result)
