from headrace import flow
from headrace.client.orchestration import get_client
from headrace.deployments import run_deployment


@flow(name="parity-deployed")
def main(a: int = 1):
    pass


ident = main.to_deployment("d", parameters={"a": 2}, tags=["x"]).apply()
run = run_deployment("parity-deployed/d", timeout=0, parameters={"a": 9}, flow_run_name="from-code")
print(run.name, run.parameters, run.state.name, run.deployment_id == ident)
with get_client(sync_client=True) as client:
    client.delete_deployment(ident)
