from headrace import flow
from headrace.runtime import flow_run

counts = []


@flow(retries=1, retry_delay_seconds=0)
def main():
    counts.append(flow_run.run_count)
    raise RuntimeError("always")


state = main(return_state=True)
print(counts, state.name, state.message)
