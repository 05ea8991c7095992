from headrace import flow


def bad(flow, flow_run, state):
    print("bad hook")
    raise ValueError("hook")


def good(flow, flow_run, state):
    print("good hook")


@flow(on_completion=[bad, good])
def work():
    return "result"


print(work())
