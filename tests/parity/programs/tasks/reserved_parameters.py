from headrace import task

for code in ("return_state", "wait_for"):
    namespace = {}
    exec(f"def fn({code}): pass", namespace)
    try:
        task(namespace["fn"])
    except Exception as exc:
        print(type(exc).__name__)
        print(exc)
