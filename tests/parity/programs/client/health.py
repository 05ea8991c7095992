import asyncio

from headrace.client.orchestration import HeadraceClient, SyncHeadraceClient, get_client


async def go():
    async with get_client() as client:
        print(type(client).__name__, isinstance(client, HeadraceClient), (await client.hello()).status_code, await client.api_healthcheck())


asyncio.run(go())
with get_client(sync_client=True) as client:
    print(type(client).__name__, isinstance(client, SyncHeadraceClient))
