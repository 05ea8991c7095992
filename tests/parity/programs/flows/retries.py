from headrace import flow, task

runs = []


@task
def work():
    runs.append("task")
    return len(runs)


@flow(retries=2)
def main():
    runs.append("flow")
    n = work()
    if runs.count("flow") < 3:
        raise ValueError("again")
    return n


print(main())
print(runs)
