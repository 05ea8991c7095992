from headrace import flow, task
from headrace.states import State


@task(log_prints=True)
def my_task():
    print("task running")
    return 42


def on_failure(flow, flow_run, state: State):
    print(f"Flow {flow.name} failed: {state.message}")


def on_completion(flow, flow_run, state: State):
    print(f"Flow {flow.name} completed successfully")


@flow(on_failure=[on_failure], on_completion=[on_completion], log_prints=True)
def instrumented_flow():
    result = my_task()
    print(f"Result: {result}")


instrumented_flow()
