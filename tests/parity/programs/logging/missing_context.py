from headrace import get_run_logger
from headrace.exceptions import MissingContextError

try:
    get_run_logger()
except MissingContextError as exc:
    print(type(exc).__name__, exc)
