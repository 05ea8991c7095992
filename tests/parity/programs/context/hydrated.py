from headrace import flow, task
from headrace.context import FlowRunContext, TaskRunContext


@task
def t():
    c = TaskRunContext.get()
    return c.task_run.name.split("-")[0], c.task.retries, c.log_prints, c.parameters


@flow
def f(x=1):
    c = FlowRunContext.get()
    print(c.flow.name, c.flow_run.parameters, c.task_runner is not None, c.flow_run.state.name)
    print(t(), t.submit().result())


f()
