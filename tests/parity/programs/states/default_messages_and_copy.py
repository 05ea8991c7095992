from headrace.states import Completed, Failed, State, StateType

state = State(type=StateType.COMPLETED)
print(state.name, state.message, state.type)
named = State(type=StateType.RUNNING, name="Working", message="m")
print(named.name, str(named), repr(named)[:40])
copy = named.model_copy(update={"message": "n"})
print(copy.message, named.message, copy.id == named.id)
fresh = named.fresh_copy()
print(fresh.id == named.id, fresh.name)
print(Completed(name="Done", message="ok"), Failed(message="bad"))
print(State(type="FAILED").type == StateType.FAILED)
try:
    State(type="NOPE")
except ValueError:
    print("no such type")
