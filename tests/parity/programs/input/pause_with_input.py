import threading
import time

from headrace import flow, pause_flow_run, resume_flow_run
from headrace.client.orchestration import get_client
from headrace.input import RunInput
from headrace.runtime import flow_run


class Answer(RunInput):
    ok: bool
    note: str = "none"


def resumer(run_id):
    with get_client(sync_client=True) as client:
        while client.read_flow_run(run_id).state.name != "Paused":
            time.sleep(0.1)
    resume_flow_run(run_id, run_input={"ok": True, "note": "fine"})


@flow
def main():
    threading.Thread(target=resumer, args=(flow_run.id,)).start()
    answer = pause_flow_run(wait_for_input=Answer, timeout=60, poll_interval=1)
    print(type(answer).__name__, answer.ok, answer.note)


main()
