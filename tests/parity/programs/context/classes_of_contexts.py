from headrace import flow, task, tags
from headrace.context import FlowRunContext, TaskRunContext, TagsContext, get_run_context, SettingsContext, get_settings_context
from headrace.exceptions import MissingContextError

try:
    get_run_context()
except MissingContextError as e:
    print(type(e).__name__, e)
print(FlowRunContext.get(), TaskRunContext.get(), TagsContext.get().current_tags)


@task(name="inner")
def t(x):
    c = get_run_context()
    print(type(c).__name__, c.task.name, c.task_run.name[:5], c.parameters, c.task_run.state.name, c.start_time is not None)
    f = FlowRunContext.get()
    print(type(f).__name__ if f else None)
    print(sorted(TagsContext.get().current_tags), sorted(c.task_run.tags))


@flow(name="outer")
def f(n: int):
    c = get_run_context()
    print(type(c).__name__, c.flow.name, c.parameters, c.flow_run.state.name, c.flow_run.run_count, type(c.task_runner).__name__)
    with tags("a", "b") as current:
        print(sorted(current))
        with tags("c"):
            t(n)
    t.submit(2).wait()
    print(c.flow_run.tags, c.persist_result, c.log_prints if hasattr(c, "log_prints") else "-")


f("3")
with tags("x"):
    t(5)
print(type(get_settings_context()).__name__, type(SettingsContext.get()).__name__)
