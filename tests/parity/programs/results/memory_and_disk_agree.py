from headrace import flow, task
from headrace.results import ResultStore, get_result_store


@task(persist_result=True, result_storage_key="value-{parameters[n]}")
def work(n):
    return {"n": n}


@flow
def main():
    work(1)
    store = get_result_store()
    print(store.exists("value-1"), store.exists("value-2"))
    print(store.read("value-1").result)
    return work(1, return_state=True).name


print(main())
