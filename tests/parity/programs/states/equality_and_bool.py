from headrace.states import Completed, Failed
from headrace.client.schemas.objects import State

a, b = Completed(message="x"), Completed(message="x")
print(a == b, a.type == b.type, isinstance(a, State))
from headrace.states import State as StatesState
from headrace import State as TopState

print(StatesState is TopState is State)
print(Failed().type == "FAILED")
