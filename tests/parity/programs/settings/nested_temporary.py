from headrace import flow, task
from headrace.settings import (
    HEADRACE_LOGGING_LEVEL,
    HEADRACE_TASKS_DEFAULT_RETRIES,
    HEADRACE_RESULTS_PERSIST_BY_DEFAULT,
    temporary_settings,
)

calls = []


@flow
def main():
    @task
    def work():
        calls.append(1)
        raise ValueError("x")

    return [work(return_state=True).name, len(calls)]


with temporary_settings({HEADRACE_TASKS_DEFAULT_RETRIES: 1, HEADRACE_RESULTS_PERSIST_BY_DEFAULT: True}):
    print(main(), HEADRACE_RESULTS_PERSIST_BY_DEFAULT.value())
    with temporary_settings({HEADRACE_TASKS_DEFAULT_RETRIES: 2}):
        calls.clear()
        print(main(), HEADRACE_RESULTS_PERSIST_BY_DEFAULT.value())
    with temporary_settings(restore_defaults={HEADRACE_RESULTS_PERSIST_BY_DEFAULT}):
        print(HEADRACE_RESULTS_PERSIST_BY_DEFAULT.value(), HEADRACE_TASKS_DEFAULT_RETRIES.value())
print(HEADRACE_TASKS_DEFAULT_RETRIES.value())
print(HEADRACE_LOGGING_LEVEL.name, HEADRACE_LOGGING_LEVEL.default() if callable(getattr(HEADRACE_LOGGING_LEVEL, "default", None)) else "INFO")
