from headrace import flow
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import DeploymentFilter, DeploymentFilterName
from headrace.exceptions import ObjectNotFound


@flow(name="parity2-crud")
def main(n: int = 1):
    return n


ident = main.to_deployment("crud", parameters={"n": 5}, tags=["x"], paused=True).apply()
with get_client(sync_client=True) as client:
    found = client.read_deployment(ident)
    print(found.name, found.paused, found.parameters, found.tags)
    print([d.name for d in client.read_deployments(deployment_filter=DeploymentFilter(name=DeploymentFilterName(any_=["crud"]))) if d.id == ident])
    run = client.create_flow_run_from_deployment(ident, parameters={"n": 7}, name="asked", tags=["y"])
    print(run.name, run.parameters, run.state.name, run.deployment_id == ident, sorted(run.tags))
    client.delete_flow_run(run.id)
    client.delete_deployment(ident)
    for ask in (lambda: client.read_deployment(ident), lambda: client.read_flow_run(run.id), lambda: client.delete_deployment(ident)):
        try:
            ask()
        except ObjectNotFound as error:
            print(type(error).__name__)
