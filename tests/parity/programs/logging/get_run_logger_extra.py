from headrace import flow, get_run_logger


@flow
def f():
    context_logger = get_run_logger(extra_key="v")
    print(context_logger.extra["extra_key"], sorted(k for k in context_logger.extra if "id" in k or "name" in k))


f()
