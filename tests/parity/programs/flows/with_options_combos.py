from headrace import flow
from headrace.task_runners import ThreadPoolTaskRunner


def hook(flow, flow_run, state):
    print("hook", flow.name, state.name)


@flow(name="first", description="d", retries=1, timeout_seconds=10, on_completion=[hook])
def first(n: int = 1):
    return n


second = first.with_options(name="second", version="v2", retries=0, validate_parameters=False)
third = second.with_options(on_completion=[], task_runner=ThreadPoolTaskRunner(max_workers=2), log_prints=True)
print(second.name, second.version, second.retries, second.timeout_seconds, second.description, second.should_validate_parameters)
print(third.name, type(third.task_runner).__name__, third.log_prints, third.on_completion_hooks == [hook])
print(first("3"), second("3"), third("4"))
