import threading

from headrace import flow, task

called = threading.Event()
seen = []


@task
def work():
    return 5


def callback(future):
    seen.append(future.result())
    called.set()


@flow
def main():
    future = work.submit()
    future.add_done_callback(callback)
    future.wait()
    print(called.wait(5), seen)


main()
