from headrace import flow
from headrace.client.orchestration import get_client
from headrace.deployments import run_deployment


@flow(name="parity2-zero")
def main(n: int):
    return n


ident = main.to_deployment("zero").apply()
run = run_deployment("parity2-zero/zero", parameters={"n": 3}, timeout=0, flow_run_name="later", tags=["a"])
print(run.name, run.state.name, run.state.type.value, run.parameters, run.state.is_scheduled())
again = run_deployment(ident, parameters={"n": 3}, timeout=0, idempotency_key="once")
same = run_deployment(ident, parameters={"n": 3}, timeout=0, idempotency_key="once")
print(again.id == same.id)
try:
    run_deployment("parity2-zero/zero", parameters={"n": "many"}, timeout=0)
    print("accepted")
except Exception as error:
    print(type(error).__name__)
try:
    run_deployment("parity2-zero/none", timeout=0)
except Exception as error:
    print(type(error).__name__)
with get_client(sync_client=True) as client:
    client.delete_deployment(ident)
