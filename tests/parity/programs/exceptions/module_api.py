import headrace

for name in ("flow", "task", "Flow", "Task", "State", "Transaction", "tags", "unmapped", "allow_failure", "get_run_logger", "get_client", "serve", "deploy", "pause_flow_run", "resume_flow_run", "suspend_flow_run", "aserve", "apause_flow_run", "runtime"):
    print(name, hasattr(headrace, name))
print(type(headrace.__version__).__name__)
try:
    headrace.nothing
except AttributeError as exc:
    print(exc)
