from headrace import flow

events = []


def track(name):
    def hook(flow, flow_run, state):
        events.append((name, state.name))

    return hook


@flow(on_running=[track("r")], on_completion=[track("c1"), track("c2")], on_failure=[track("f")])
def main(mode):
    if mode == "fail":
        raise ValueError("x")
    if mode == "state":
        from headrace.states import Failed

        return Failed(message="s")
    return mode


main("ok")
main("fail", return_state=True)
main("state", return_state=True)
print(events)
