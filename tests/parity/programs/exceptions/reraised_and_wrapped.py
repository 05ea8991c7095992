from headrace import flow, task


class AppError(Exception):
    pass


@task
def low():
    raise ConnectionError("refused")


@task
def middle():
    try:
        low()
    except ConnectionError as error:
        raise AppError("middle failed") from error


@flow
def child():
    try:
        middle()
    except AppError as error:
        raise RuntimeError(f"child: {error}")


try:
    child()
except RuntimeError as error:
    print(error, type(error.__context__).__name__, type(error.__context__.__cause__).__name__)
    print(error.__cause__, error.__context__.__cause__)
