from headrace import flow, pause_flow_run
from headrace.exceptions import FlowPauseTimeout


@flow
def main():
    try:
        pause_flow_run(timeout=1, poll_interval=1)
    except FlowPauseTimeout as exc:
        print(type(exc).__name__)
    return "after"


print(main(return_state=True).name)
