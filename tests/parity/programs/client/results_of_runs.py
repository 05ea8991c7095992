from headrace import flow, task
from headrace.client.orchestration import get_client
from headrace.exceptions import MissingResult


@task(persist_result=True)
def kept(n):
    return [n]


@task
def lost(n):
    return n


@task
def fails():
    raise ValueError("x")


@flow(persist_result=True, result_serializer="json", name="parity2-results")
def main():
    kept(1)
    lost.with_options(persist_result=False)(2)
    fails.with_options(persist_result=False)(return_state=True)
    return {"all": "done"}


state = main(return_state=True)
with get_client(sync_client=True) as client:
    run = client.read_flow_run(state.state_details.flow_run_id)
    print(run.state.name, run.state.result())
    runs = client.read_task_runs()
    for found in sorted((r for r in runs if r.flow_run_id == run.id), key=lambda r: r.name):
        try:
            print(found.state.name, found.state.result())
        except MissingResult as error:
            print(type(error).__name__)
        except Exception as error:
            print(type(error).__name__, error)
    print([s.name for s in client.read_flow_run_states(run.id)][-1])
