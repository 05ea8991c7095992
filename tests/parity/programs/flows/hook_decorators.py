from headrace import flow


@flow
def work(n):
    return 1 / n


@work.on_completion
def done(flow, flow_run, state):
    print("done", flow_run.parameters)


@work.on_failure
def failed(flow, flow_run, state):
    print("failed", state.message)


@work.on_running
def running(flow, flow_run, state):
    print("running", state.type.value)


work(1)
work(0, return_state=True)
