from headrace import flow, get_run_logger, task
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import LogFilter, LogFilterFlowRunId, LogFilterLevel
from headrace.client.schemas.sorting import LogSort
import time


@task(log_prints=True)
def work():
    print("printed in task")
    get_run_logger().warning("mind %s", "this")


@flow
def main():
    get_run_logger().info("parity2 info")
    work()
    get_run_logger().error("parity2 error")


state = main(return_state=True)
wanted = {"printed in task", "mind this", "parity2 info", "parity2 error"}
with get_client(sync_client=True) as client:
    for _ in range(40):
        mine = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[state.state_details.flow_run_id]))
        logs = [(l.level, l.message, l.name, l.task_run_id is None) for l in client.read_logs(mine, sort=LogSort.TIMESTAMP_ASC) if l.message in wanted]
        if len(logs) == 4:
            break
        time.sleep(0.25)
    print(sorted(logs))
    high = client.read_logs(LogFilter(flow_run_id=mine.flow_run_id, level=LogFilterLevel(ge_=40)))
    print([l.message for l in high])
