# differs: the number of an attempt is known when it begins
from headrace import flow


def hook(kind):
    def inner(flow, flow_run, state):
        print(kind, state.name, flow_run.run_count)

    return inner


@flow(retries=1, on_running=[hook("running")], on_failure=[hook("failure")])
def work():
    raise ValueError("x")


work(return_state=True)
