# What a run failed with is there for whoever reads the run.
from headrace import flow, get_client, task
from headrace.exceptions import FailedRun
from headrace.states import Failed


@task(persist_result=True)
def kept():
    raise ValueError("kept")


@task
def lost():
    raise KeyError("lost")


@task(persist_result=True)
def returned():
    return Failed(message="by hand", data=[1, 2])


@flow(name="parity-failures-all", persist_result=True)
def everything():
    kept(return_state=True)
    lost.with_options(persist_result=False)(return_state=True)
    returned(return_state=True)
    raise LookupError("the flow")


@flow(name="parity-failures-plain")
def plain():
    raise RuntimeError("not asked to be kept")


@flow(name="parity-failures-two", persist_result=True)
def two():
    return [kept(return_state=True), Failed(message="second")]


def ask(state):
    for raise_on_failure in (True, False):
        try:
            found = state.result(raise_on_failure=raise_on_failure)
            if isinstance(found, list):
                found = [str(item) for item in found]
            print("gives", repr(found))
        except (ValueError, LookupError, RuntimeError, TypeError, FailedRun) as error:
            print("raises", repr(error))


runs = [each(return_state=True).state_details.flow_run_id for each in (everything, plain, two)]
with get_client(sync_client=True) as client:
    for run_id in runs:
        run = client.read_flow_run(run_id)
        print(run.state)
        ask(run.state)
    tasks = [run for run in client.read_task_runs() if run.flow_run_id == runs[0]]
    for run in sorted(tasks, key=lambda run: run.state.message):
        print(run.state)
        ask(run.state)
