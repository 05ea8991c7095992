from headrace import flow, task


class MyError(Exception):
    def __str__(self):
        return "custom text"


@task
def bad(kind):
    if kind == "empty":
        raise ValueError()
    if kind == "multi":
        raise ValueError("line one\nline two")
    if kind == "custom":
        raise MyError()
    if kind == "args":
        raise RuntimeError("a", 2)
    assert kind == 1, "not one"


@flow
def main():
    for kind in ("empty", "multi", "custom", "args", 5):
        print(repr(bad(kind, return_state=True).message))
    return 0


main()
