from headrace.settings import HEADRACE_LOGGING_LEVEL, get_current_settings, temporary_settings

before = get_current_settings().logging.level
with temporary_settings(updates={HEADRACE_LOGGING_LEVEL: "ERROR"}):
    print(get_current_settings().logging.level, HEADRACE_LOGGING_LEVEL.value())
print(get_current_settings().logging.level == before)
