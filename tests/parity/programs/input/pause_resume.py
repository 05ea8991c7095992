import threading

from headrace import flow, pause_flow_run, resume_flow_run
from headrace.runtime import flow_run
from headrace.client.orchestration import get_client
import time


def resumer(run_id):
    with get_client(sync_client=True) as client:
        while client.read_flow_run(run_id).state.name != "Paused":
            time.sleep(0.1)
    resume_flow_run(run_id)


@flow
def main():
    thread = threading.Thread(target=resumer, args=(flow_run.id,))
    thread.start()
    print("pausing")
    pause_flow_run(timeout=60, poll_interval=1)
    print("resumed")
    thread.join()
    return 5


print(main())
