from headrace import flow, get_run_logger, task


@task
def quiet():
    get_run_logger().info("log only")
    return "q"


@flow
def main():
    logger = get_run_logger()
    for i in range(2):
        logger.info("iteration %s", i)
        print("stdout", i, quiet())


main()
