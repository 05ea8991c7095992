from headrace import flow, task
from headrace.cache_policies import INPUTS
from headrace.transactions import transaction

runs = []


@task(cache_policy=INPUTS, persist_result=True)
def download(url):
    runs.append(url)
    return "data"


@flow
def main(fail):
    with transaction():
        download("u")
        if fail:
            raise ValueError("x")


main(True, return_state=True)
main(False)
main(False)
print(runs)
