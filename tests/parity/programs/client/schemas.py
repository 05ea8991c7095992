from headrace.client.schemas.objects import Flow, FlowRun, State, TaskRun, Variable
from headrace.client.schemas.actions import FlowRunCreate
from headrace.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from headrace.client.schemas.objects import StateType

run = FlowRun(flow_id="12345678-1234-5678-1234-567812345678", name="n", parameters={"a": 1}, tags=["t"])
print(run.name, run.parameters, run.tags, run.state, run.run_count)
print(State(type="FAILED", message="m").message, Variable(name="v", value=1).value)
f = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.FAILED])))
print(f.state.type.any_)
