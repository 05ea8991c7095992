from headrace import flow, task
from headrace.context import FlowRunContext, TaskRunContext, get_run_context
from headrace.exceptions import MissingContextError

try:
    get_run_context()
except MissingContextError as error:
    print(error)


@task
def work():
    return isinstance(get_run_context(), TaskRunContext)


@flow
def main():
    print(isinstance(get_run_context(), FlowRunContext), work())
    return get_run_context().flow.name


print(main())
print(TaskRunContext.get(), FlowRunContext.get())
