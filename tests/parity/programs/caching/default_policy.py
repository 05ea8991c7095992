from headrace import flow, task

runs = []


@task(persist_result=True)
def work(x):
    runs.append(x)
    return x


@flow
def main(n):
    work(1), work(1), work(n)


main(2)
main(3)
print(runs)
