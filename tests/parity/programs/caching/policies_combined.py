from headrace import flow, task
from headrace.cache_policies import INPUTS, RUN_ID, TASK_SOURCE

runs = []


@task(cache_policy=TASK_SOURCE + INPUTS, persist_result=True)
def sourced(x):
    runs.append(("sourced", x))


@task(cache_policy=RUN_ID + INPUTS, persist_result=True)
def per_run(x):
    runs.append(("per_run", x))


@flow
def main():
    sourced(1), sourced(1)
    per_run(1), per_run(1)


main()
main()
print(runs)
