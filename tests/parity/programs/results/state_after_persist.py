from headrace import flow, task


@task(persist_result=True, result_storage_key="parity-fixed")
def work(n):
    return n


@flow
def main():
    print(work(1, return_state=True).name, work(2, return_state=True).name)
    print(work(3))


main()
