import asyncio

from headrace import flow
from headrace.input import receive_input, send_input
from headrace.runtime import flow_run


@flow
async def main():
    await send_input(5, flow_run_id=flow_run.id)
    await send_input(7, flow_run_id=flow_run.id)
    got = []
    async for number in receive_input(int, timeout=20, poll_interval=0.2):
        got.append(number)
        if len(got) == 2:
            break
    print(sorted(got))


asyncio.run(main())
