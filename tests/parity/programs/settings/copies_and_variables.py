"""Settings, typical."""
import os
from headrace import flow, task
from headrace.settings import HEADRACE_LOGGING_LEVEL, HEADRACE_API_URL, HEADRACE_HOME, HEADRACE_RESULTS_PERSIST_BY_DEFAULT, HEADRACE_TASKS_DEFAULT_RETRIES, HEADRACE_LOGGING_LOG_PRINTS, HEADRACE_FLOWS_DEFAULT_RETRIES, HEADRACE_API_KEY, HEADRACE_TASKS_REFRESH_CACHE, HEADRACE_RESULTS_DEFAULT_SERIALIZER, HEADRACE_TASKS_DEFAULT_PERSIST_RESULT, temporary_settings, get_current_settings
print(HEADRACE_LOGGING_LEVEL.value(), HEADRACE_RESULTS_PERSIST_BY_DEFAULT.value(), HEADRACE_TASKS_DEFAULT_RETRIES.value(), HEADRACE_LOGGING_LOG_PRINTS.value(), HEADRACE_API_KEY.value(), HEADRACE_TASKS_DEFAULT_PERSIST_RESULT.value())
with temporary_settings({HEADRACE_LOGGING_LEVEL: "DEBUG", HEADRACE_TASKS_DEFAULT_RETRIES: 2}):
    s = get_current_settings()
    print(s.logging.level, s.tasks.default_retries, s.results.persist_by_default)
    n = []
    @task
    def flaky():
        n.append(1)
        if len(n) < 3: raise ValueError("x")
        return len(n)
    @flow
    def f(): return flaky()
    print(f(), flaky.retries)
print(get_current_settings().logging.level, get_current_settings().tasks.default_retries)
with temporary_settings(updates={HEADRACE_RESULTS_PERSIST_BY_DEFAULT: True, HEADRACE_RESULTS_DEFAULT_SERIALIZER: "json"}):
    @task
    def t(): return {"a": 1}
    @flow
    def g():
        return t(return_state=True).result()
    print(g(), get_current_settings().results.default_serializer)
with temporary_settings(set_defaults={HEADRACE_LOGGING_LEVEL: "ERROR"}):
    print(HEADRACE_LOGGING_LEVEL.value())
print(HEADRACE_HOME.value() == get_current_settings().home, HEADRACE_LOGGING_LEVEL.name, str(HEADRACE_LOGGING_LEVEL.name))
s = get_current_settings()
c = s.copy_with_update(updates={HEADRACE_LOGGING_LEVEL: "WARNING"})
print(c.logging.level, s.logging.level, c == s)
env = c.to_environment_variables(exclude_unset=True)
print(env["HEADRACE_LOGGING_LEVEL"])
print({HEADRACE_LOGGING_LEVEL: 1}[HEADRACE_LOGGING_LEVEL], HEADRACE_LOGGING_LEVEL in {HEADRACE_LOGGING_LEVEL, HEADRACE_API_URL})
