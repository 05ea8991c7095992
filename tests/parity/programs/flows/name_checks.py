from headrace import flow

for name in ("ok name", "a/b", "50%", 'q"uote'):
    try:
        made = flow(name=name)(lambda: None)
        print("ok", made.name)
    except Exception as exc:
        print(type(exc).__name__, exc)


@flow
def snake_case_name():
    pass


print(snake_case_name.name)
