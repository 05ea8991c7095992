from headrace import flow, task
from headrace.runtime import flow_run

seen = []


@task
def step(n):
    seen.append(n)
    if n == 2 and flow_run.run_count == 1:
        raise ValueError("once")
    return n


@flow(retries=1, retry_delay_seconds=0)
def main():
    return [step(n) for n in (1, 2, 3)]


state = main(return_state=True)
print(state.name, state.result(), seen)
