from headrace.settings import HEADRACE_API_URL, HEADRACE_HOME, HEADRACE_LOGGING_LEVEL, HEADRACE_RESULTS_PERSIST_BY_DEFAULT, Settings, get_current_settings, temporary_settings

settings = get_current_settings()
print(type(settings).__name__, type(settings.home).__name__, settings.logging.level)
print(HEADRACE_HOME.name, HEADRACE_LOGGING_LEVEL.value(), HEADRACE_RESULTS_PERSIST_BY_DEFAULT.value())
with temporary_settings({HEADRACE_LOGGING_LEVEL: "DEBUG", HEADRACE_API_URL: "http://localhost:1/api"}):
    print(HEADRACE_LOGGING_LEVEL.value(), get_current_settings().logging.level, HEADRACE_API_URL.value())
    with temporary_settings(set_defaults={HEADRACE_LOGGING_LEVEL: "ERROR"}):
        print(HEADRACE_LOGGING_LEVEL.value())
print(HEADRACE_LOGGING_LEVEL.value())
