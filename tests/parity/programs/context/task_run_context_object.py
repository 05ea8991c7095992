from headrace import flow, task
from headrace.context import FlowRunContext, TaskRunContext


@task(tags=["t"])
def work(a, b=2):
    context = TaskRunContext.get()
    print(context.task.name, context.parameters, context.task_run.name.startswith("work"), sorted(context.task_run.tags))
    outer = FlowRunContext.get()
    print(outer.flow.name, outer.flow_run.id == context.task_run.flow_run_id, outer.parameters)


@flow
def main(x=1):
    print(TaskRunContext.get())
    print(FlowRunContext.get().flow_run.name != "", type(FlowRunContext.get().task_runner).__name__)
    work(1)
    work.submit(1, b=3).wait()


main()
print(FlowRunContext.get(), TaskRunContext.get())
