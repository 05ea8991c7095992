import asyncio

from headrace import flow


@flow
async def main(fail):
    if fail:
        raise ValueError("x")


@main.on_completion
async def done(flow, flow_run, state):
    print("done", state.name)


@main.on_failure
def failed(flow, flow_run, state):
    print("failed", state.name)


asyncio.run(main(False))
asyncio.run(main(True, return_state=True))
