from headrace.states import (
    AwaitingRetry,
    Cancelled,
    Cancelling,
    Completed,
    Crashed,
    Failed,
    Late,
    Paused,
    Pending,
    Retrying,
    Running,
    Scheduled,
    Suspended,
)

names = [
    "is_scheduled",
    "is_pending",
    "is_running",
    "is_completed",
    "is_failed",
    "is_crashed",
    "is_cancelled",
    "is_cancelling",
    "is_final",
    "is_paused",
]
for make in (AwaitingRetry, Cancelled, Cancelling, Completed, Crashed, Failed, Late, Paused, Pending, Retrying, Running, Scheduled, Suspended):
    state = make()
    print(make.__name__, state.name, state.type.value, [n for n in names if getattr(state, n)()])
