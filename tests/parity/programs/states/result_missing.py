from headrace.exceptions import MissingResult, UnfinishedRun
from headrace.states import Completed, Failed, Pending, Running

for state in (Completed(), Pending(), Running(), Failed(message="gone")):
    try:
        print(state.result())
    except MissingResult as exc:
        print("MissingResult", exc)
    except UnfinishedRun as exc:
        print("UnfinishedRun", exc)
    except Exception as exc:
        print(type(exc).__name__, exc)
