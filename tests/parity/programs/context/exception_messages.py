# differs: an error without words says those of its cause
from headrace.exceptions import CancelledRun, FailedRun, ObjectNotFound, ParameterTypeError, UnfinishedRun

for make in (
    lambda: FailedRun("it failed"),
    lambda: ObjectNotFound(http_exc=ValueError("h")),
    lambda: ObjectNotFound(http_exc=ValueError("h"), help_message="try this"),
    lambda: UnfinishedRun("not yet"),
    lambda: CancelledRun(),
    lambda: ParameterTypeError("p"),
):
    exc = make()
    print(type(exc).__name__, repr(str(exc)))
