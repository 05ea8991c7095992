from functools import partial

from headrace import flow


def notify(flow, flow_run, state, channel):
    print(f"{channel}: {flow.name} is {state.name}")


@flow(on_completion=[partial(notify, channel="#general")])
def work():
    pass


work()
