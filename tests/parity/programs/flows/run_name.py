from headrace import flow
from headrace.runtime import flow_run


@flow(flow_run_name="report-{day}-{n:03d}")
def templated(day: str, n: int = 5):
    return flow_run.name


def name_it():
    params = flow_run.parameters
    return f"{flow_run.flow_name}:{params['x']}"


@flow(name="called", flow_run_name=name_it)
def called(x):
    return flow_run.name


print(templated("monday"))
print(templated("friday", 12))
print(called(3))
print(templated.with_options(flow_run_name="other-{day}")("sunday"))
