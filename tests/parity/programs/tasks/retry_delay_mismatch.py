from headrace import task
from headrace.tasks import exponential_backoff

for options in ({"retries": 3, "retry_delay_seconds": [1, 2]}, {"retries": 60, "retry_delay_seconds": exponential_backoff(1)}, {"retries": 2, "retry_delay_seconds": [1, 2, 3]}):
    try:
        made = task(**options)(lambda: None)
        print(made.retries, made.retry_delay_seconds if isinstance(made.retry_delay_seconds, (int, float)) else len(made.retry_delay_seconds))
    except Exception as exc:
        print(type(exc).__name__, exc)
