from headrace import flow, task


@task
async def fetch(x):
    return x + 1


@flow
def main():
    future = fetch.submit(1)
    print(future.result())
    print(fetch.map([1, 2, 3]).result())


main()
