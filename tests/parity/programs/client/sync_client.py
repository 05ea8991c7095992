from headrace import flow
from headrace.client.orchestration import get_client


@flow(name="parity-sync-client")
def main():
    return 1


state = main(return_state=True)
with get_client(sync_client=True) as client:
    run = client.read_flow_run(state.state_details.flow_run_id)
    print(run.state.type.value, run.state_name, run.parameters, run.run_count)
    print(client.read_flow(run.flow_id).name)
