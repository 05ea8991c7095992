from headrace import flow, task


@task(persist_result=True, cache_result_in_memory=False)
def work():
    return [1, 2, 3]


@flow(persist_result=True, cache_result_in_memory=False)
def main():
    state = work(return_state=True)
    print(state.result())
    return "flow value"


print(main(return_state=True).result())
