from headrace import flow, pause_flow_run, suspend_flow_run, task
from headrace.exceptions import FlowPauseTimeout
from headrace.input import RunInput


class Answer(RunInput):
    ok: bool


@flow
def main(kind):
    if kind == "none":
        pause_flow_run(timeout=1, poll_interval=1)
    else:
        pause_flow_run(wait_for_input=Answer, timeout=1, poll_interval=1)
    return "went on"


for kind in ("none", "input"):
    try:
        print(main(kind))
    except FlowPauseTimeout as error:
        print(type(error).__name__)


@task
def pauses():
    pause_flow_run(timeout=1)


@flow
def wrong():
    pauses()


print(type(wrong(return_state=True).result(raise_on_failure=False)).__name__)
