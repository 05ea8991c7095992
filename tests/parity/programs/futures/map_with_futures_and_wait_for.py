from headrace import flow, task, unmapped

log = []


@task
def prepare():
    log.append("prepare")
    return 100


@task
def work(n, base):
    log.append("work")
    return n + base


@flow
def main():
    ready = prepare.submit()
    futures = work.map([1, 2], unmapped(ready), wait_for=[ready])
    print(futures.result(), log)


main()
