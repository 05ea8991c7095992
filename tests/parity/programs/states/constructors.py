from headrace import states

for make in (
    states.Scheduled,
    states.Pending,
    states.Running,
    states.Completed,
    states.Failed,
    states.Crashed,
    states.Cancelled,
    states.Cancelling,
    states.AwaitingRetry,
    states.Retrying,
    states.Late,
):
    state = make()
    print(state.type, state.name, state.message, str(state))
