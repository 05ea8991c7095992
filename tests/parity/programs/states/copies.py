from headrace.states import Completed, Running

state = Running(message="m")
copy = state.model_copy(update={"name": "Renamed"})
print(copy.name, copy.message, state.name)
fresh = state.fresh_copy()
print(fresh.name, fresh.id != state.id, fresh.message)
print(state == state, Completed() == Completed())
