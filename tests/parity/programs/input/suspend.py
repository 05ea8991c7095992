from headrace import flow, suspend_flow_run


@flow
def main():
    suspend_flow_run(timeout=60)
    print("not reached")


try:
    main()
except BaseException as exc:
    print(type(exc).__name__, exc)
