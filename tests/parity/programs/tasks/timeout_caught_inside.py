import time

from headrace import flow, task


@task(timeout_seconds=0.3)
def work():
    try:
        while True:
            time.sleep(0.01)
    except TimeoutError:
        print("seen inside")
        raise
    finally:
        print("cleaned")


@flow
def main():
    try:
        work()
    except TimeoutError as error:
        print(type(error).__name__, str(error)[:5])
    state = work(return_state=True)
    print(state.name)


main()
