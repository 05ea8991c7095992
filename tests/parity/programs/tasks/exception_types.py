from headrace import flow, task


class AppError(Exception):
    def __init__(self, code, text):
        super().__init__(f"[{code}] {text}")
        self.code = code


@task
def bad():
    raise AppError(42, "nope")


@flow
def main():
    try:
        bad.submit().result()
    except AppError as exc:
        print(exc.code, exc)
    state = bad(return_state=True)
    print(state.message)
    raise AppError(1, "flow")


try:
    main()
except AppError as exc:
    print(exc.args, exc.code)
