# differs: a future's state is its run's
from headrace import flow, task
from headrace.futures import as_completed


@task
def work(n):
    return n


@flow
def main():
    for future in as_completed([work.submit(1), work.submit(2)]):
        print(future.state.name)


main()
