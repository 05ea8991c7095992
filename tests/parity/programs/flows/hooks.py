from headrace import flow


def show(label):
    def hook(flow, flow_run, state):
        print(label, flow.name, state.name, state.message)

    return hook


@flow(on_running=[show("running")], on_completion=[show("completed")], on_failure=[show("failed")], on_crashed=[show("crashed")])
def work(fail: bool):
    print("body")
    if fail:
        raise ValueError("oops")
    return 3


print(work(False))
work(True, return_state=True)
