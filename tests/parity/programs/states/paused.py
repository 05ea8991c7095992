from headrace.states import Paused, Suspended

for state in (Paused(timeout_seconds=30), Suspended(timeout_seconds=30), Paused(reschedule=True, timeout_seconds=5)):
    print(state.type.value, state.name, state.state_details.pause_reschedule, state.state_details.pause_timeout is not None)
