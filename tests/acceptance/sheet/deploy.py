from headrace import flow


@flow(log_prints=True)
def my_pipeline(env: str = "prod"):
    print(f"Running in {env}")


if __name__ == "__main__":
    my_pipeline.deploy(
        name="prod-pipeline",
        work_pool_name="local-process-pool",
        cron="0 6 * * *",
        parameters={"env": "prod"},
    )
