from headrace import flow, task
from headrace.tasks import exponential_backoff

n = 0


@task(retries=3, retry_delay_seconds=[0, 0.01, 0.02])
def listy():
    global n
    n += 1
    if n < 4:
        raise ValueError()
    return n


@task(retries=3, retry_delay_seconds=exponential_backoff(backoff_factor=10), retry_jitter_factor=0.5)
def backoff():
    pass


@task(retries=2, retry_delay_seconds=lambda retries: [5.0] * retries)
def called():
    pass


@flow
def main():
    print(listy())


main()
print(listy.retry_delay_seconds)
print(backoff.retry_delay_seconds, backoff.retry_jitter_factor)
print(called.retry_delay_seconds)
print(exponential_backoff(2)(4))
