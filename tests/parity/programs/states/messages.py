from headrace.states import Completed, Failed, State
from headrace.client.schemas.objects import StateType

print(Completed(message="all good"))
print(Failed(name="Weird", message="why"))
print(State(type=StateType.RUNNING))
print(State(type="COMPLETED", name="Skipped"))
print(State(type=StateType.AWAITING) if hasattr(StateType, "AWAITING") else "no such type")
