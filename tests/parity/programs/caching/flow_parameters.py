from headrace import flow, task
from headrace.cache_policies import FLOW_PARAMETERS

runs = []


@task(cache_policy=FLOW_PARAMETERS, persist_result=True)
def work(x):
    runs.append(x)


@flow
def main(day):
    work(1), work(2)


main("mon")
main("mon")
main("tue")
print(runs)
