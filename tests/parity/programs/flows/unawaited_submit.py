from headrace import flow, task

done = []


@task
def work(n):
    done.append(n)


@flow
def main():
    for n in range(3):
        work.submit(n).wait()
    return "end"


print(main(), sorted(done))
