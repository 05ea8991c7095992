from headrace.deployments import run_deployment

try:
    run_deployment("parity-none/none", timeout=0)
except Exception as exc:
    print(type(exc).__name__)
