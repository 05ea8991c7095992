import asyncio
from uuid import uuid4

from headrace.client.orchestration import get_client
from headrace.exceptions import ObjectNotFound


async def go():
    async with get_client() as client:
        for call in (client.read_flow_run(uuid4()), client.read_flow(uuid4()), client.read_flow_by_name("parity-no-such-flow"), client.read_deployment_by_name("a/b")):
            try:
                print(await call)
            except Exception as exc:
                print(type(exc).__name__, isinstance(exc, ObjectNotFound))


asyncio.run(go())
