from headrace.states import Cancelled, Crashed, Failed

for state in (Cancelled(message="stop"), Crashed(message="gone"), Failed(message="no")):
    for message in (None,):
        try:
            state.result()
        except Exception as exc:
            print(type(exc).__name__, "|", exc)
