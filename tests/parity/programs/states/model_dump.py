from headrace.states import Completed

state = Completed(name="N", message="m")
dumped = state.model_dump(mode="json")
print(dumped["type"], dumped["name"], dumped["message"], dumped["id"] == str(state.id))
