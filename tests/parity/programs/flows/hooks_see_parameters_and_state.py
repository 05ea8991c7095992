from headrace import flow


def hook(flow, flow_run, state):
    print(flow.name, flow_run.parameters, state.name, state.is_final(), sorted(flow_run.tags))
    if state.is_completed():
        print(state.result())
    if state.is_failed():
        print(state.message)


@flow(on_completion=[hook], on_failure=[hook], on_running=[hook])
def main(n: int):
    if n > 1:
        raise ValueError("large")
    return n


main(1)
main(2, return_state=True)
