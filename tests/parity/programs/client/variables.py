import asyncio

from headrace.client.orchestration import get_client
from headrace.client.schemas.actions import VariableCreate, VariableUpdate


async def go():
    async with get_client() as client:
        if await client.read_variable_by_name("parity_client_var"):
            await client.delete_variable_by_name("parity_client_var")
        made = await client.create_variable(VariableCreate(name="parity_client_var", value="v", tags=["t"]))
        print(made.name, made.value, made.tags)
        found = await client.read_variable_by_name("parity_client_var")
        print(found.value)
        await client.delete_variable_by_name("parity_client_var")
        print(await client.read_variable_by_name("parity_client_var"))


asyncio.run(go())
