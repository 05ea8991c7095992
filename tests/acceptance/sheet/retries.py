from headrace import flow, task

attempts = []


@task(retries=3, retry_delay_seconds=0.1, timeout_seconds=30, log_prints=True)
def unreliable_api_call(endpoint: str) -> dict:
    attempts.append(endpoint)
    if len(attempts) < 3:
        raise ConnectionError("Simulated network failure")
    print(f"Called {endpoint} successfully")
    return {"status": "ok"}


@flow(retries=1, timeout_seconds=120, log_prints=True)
def robust_pipeline():
    result = unreliable_api_call("https://api.example.com/data")
    print(f"Result: {result}")


robust_pipeline()
