from headrace import flow, task

runs = []


@task
def work(x):
    runs.append(x)
    return x


@flow
def main():
    work(1)
    print(work(1, return_state=True).name)


main()
print(runs)
