from headrace.variables import Variable

for name in ("Upper", "with-dash", "with space", "ok_1"):
    try:
        Variable.set(name, 1, overwrite=True)
        print("ok", name)
        Variable.unset(name)
    except Exception as exc:
        print(type(exc).__name__, name)
