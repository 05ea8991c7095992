from headrace import flow, task
from headrace.context import FlowRunContext, TaskRunContext, get_run_context
from headrace.exceptions import MissingContextError


@task
def t():
    context = get_run_context()
    print(type(context).__name__, context.task.name, context.task_run.run_count, context.parameters)
    print(FlowRunContext.get().flow.name)


@flow
def f(a=1):
    context = get_run_context()
    print(type(context).__name__, context.flow.name, context.parameters, context.flow_run.name != "")
    print(TaskRunContext.get())
    t()


f()
print(FlowRunContext.get())
try:
    get_run_context()
except MissingContextError as exc:
    print(exc)
