from headrace import flow, task
from headrace.runtime import task_run
from headrace.tasks import exponential_backoff

print(exponential_backoff(backoff_factor=2)(4))


@task(retries=3, retry_delay_seconds=lambda retries: [0.01] * retries, retry_jitter_factor=0.5)
def work():
    print("attempt", task_run.run_count)
    if task_run.run_count <= 3:
        raise ValueError("again")
    return "done"


@flow
def main():
    print(work())
    print(work.retry_delay_seconds, work.retries, work.retry_jitter_factor)


main()
