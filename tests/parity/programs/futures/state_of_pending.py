import threading

from headrace import flow, task

gate = threading.Event()


@task
def wait_here():
    gate.wait(10)
    return 1


@flow
def main():
    future = wait_here.submit()
    print(future.state.is_final())
    gate.set()
    future.wait(timeout=10)
    print(future.state.is_final(), future.state.name)


main()
