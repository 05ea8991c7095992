import asyncio

from headrace import flow, get_client, task


@task(persist_result=True)
def work(n):
    return {"n": n}


@flow(persist_result=True)
def main():
    state = work(3, return_state=True)
    return state.state_details.task_run_id


async def read():
    state = main(return_state=True)
    ident = await state.aresult()
    async with get_client() as client:
        run = await client.read_task_run(ident)
        print(run.state.name, await run.state.aresult())
        flow_run = await client.read_flow_run(state.state_details.flow_run_id)
        print(flow_run.state.name, (await flow_run.state.aresult()) == ident)


asyncio.run(asyncio.to_thread(lambda: asyncio.run(read())))
