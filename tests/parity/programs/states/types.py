from headrace.client.schemas.objects import TERMINAL_STATES, StateType

print([t.value for t in StateType])
print(sorted(t.name for t in TERMINAL_STATES))
print(StateType("FAILED") is StateType.FAILED, StateType.FAILED == "FAILED")
