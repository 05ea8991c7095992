from headrace import Flow, Task, flow, task


@task(tags=["x"], retries=0)
def t(a):
    return a


@t.on_completion
def hook(task, run, state):
    print(isinstance(task, Task), task is t, run.tags, run.run_count, state.is_completed(), type(run).__name__, type(state).__name__)


@flow
def f():
    t(1)


@f.on_completion
def fhook(flow, run, state):
    print(isinstance(flow, Flow), flow is f, run.name != "", type(run).__name__)


f()
