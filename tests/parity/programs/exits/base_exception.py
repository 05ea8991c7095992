from headrace import flow, task


class Stop(BaseException):
    pass


@task
def stops():
    raise Stop("now")


@flow
def main():
    try:
        stops()
    except Stop as exc:
        print("stopped", exc)
    return "ok"


print(main())
