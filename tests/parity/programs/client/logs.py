import asyncio
import time

from headrace import flow, get_run_logger
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import LogFilter, LogFilterFlowRunId


@flow
def main():
    get_run_logger().warning("line to find")


state = main(return_state=True)


async def go():
    for _ in range(100):
        async with get_client() as client:
            logs = await client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[state.state_details.flow_run_id])))
        found = [(l.message, l.level) for l in logs if l.message == "line to find"]
        if found:
            break
        await asyncio.sleep(0.2)
    print(found)


asyncio.run(go())
