from headrace import flow, task

for make in (
    lambda: task(on_completion="hook"),
    lambda: task(on_failure=[1]),
    lambda: task(on_completion=[]),
    lambda: flow(on_failure=[]),
    lambda: flow(on_completion="x"),
    lambda: flow(on_crashed=["x"]),
):
    try:
        make()(lambda: None)
    except Exception as exc:
        print(type(exc).__name__, exc)
    else:
        print("ok")
