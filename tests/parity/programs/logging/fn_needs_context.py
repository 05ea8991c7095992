from headrace import flow, get_run_logger


@flow
def f():
    get_run_logger().info("x")
    return 1


try:
    f.fn()
except Exception as exc:
    print(type(exc).__name__)
print(f())
