from headrace import flow


@flow
def child(n):
    if n < 0:
        raise ValueError("negative")
    return n


@flow
def parent():
    states = [child(n, return_state=True) for n in (1, -1)]
    ok = [s.result() for s in states if s.is_completed()]
    errors = [str(s.result(raise_on_failure=False)) for s in states if s.is_failed()]
    print(ok, errors)
    return ok


print(parent())
