from headrace.states import Cancelled, Cancelling, Completed, Crashed, Failed, Paused, Pending, Running, Scheduled

names = ["is_scheduled", "is_pending", "is_running", "is_completed", "is_failed", "is_crashed", "is_cancelled", "is_cancelling", "is_final", "is_paused"]
for state in (Scheduled(), Pending(), Running(), Completed(), Failed(), Crashed(), Cancelled(), Cancelling(), Paused()):
    print(state.name, [n[3:] for n in names if getattr(state, n)()])
