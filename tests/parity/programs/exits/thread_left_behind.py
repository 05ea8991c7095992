import threading

from headrace import flow, task


@task
def work():
    return 1


@flow
def main():
    work.submit()
    work.submit().wait()
    return "over"


print(main(), flush=True)
threading.Thread(target=lambda: print("thread")).start()
raise SystemExit("with words")
