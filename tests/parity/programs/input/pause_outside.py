from headrace import pause_flow_run, suspend_flow_run

for call in (pause_flow_run, suspend_flow_run):
    try:
        call(timeout=1)
    except Exception as exc:
        print(type(exc).__name__, exc)
