from headrace import flow
from headrace.states import Failed


@flow
def failing():
    return Failed(message="by design")


try:
    failing()
except Exception as exc:
    print(type(exc).__name__, exc)
