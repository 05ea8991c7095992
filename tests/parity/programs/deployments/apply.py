import asyncio

from headrace import flow
from headrace.client.orchestration import get_client


@flow(name="parity-applied")
def main(a: int = 1):
    pass


deployment = main.to_deployment("first", parameters={"a": 2}, tags=["t"])
ident = deployment.apply()
print(type(ident).__name__)
with get_client(sync_client=True) as client:
    found = client.read_deployment_by_name("parity-applied/first")
    print(found.name, found.parameters, found.tags, found.id == ident, found.paused)
    client.delete_deployment(ident)
