# differs: an option of a wrong kind is refused at the decorator, a task runner included
from headrace import flow

for make in (
    lambda: flow(on_completion=3)(lambda: 1),
    lambda: flow(on_failure=[3])(lambda: 1),
    lambda: flow(name=4)(lambda: 1),
    lambda: flow(lambda: 1),
    lambda: flow(name="a/b")(lambda: 1),
    lambda: flow(task_runner=3)(lambda: 1),
    lambda: flow(flow_run_name=3)(lambda: 1),
    lambda: flow(3),
    lambda: flow("name"),
):
    try:
        made = make()
        print(type(made).__name__, getattr(made, "name", None))
    except Exception as error:
        print(isinstance(error, (TypeError, ValueError)), str(error)[:40].strip())
