import contextlib

from headrace import flow, task

log = []


@contextlib.contextmanager
def connection():
    log.append("open")
    try:
        yield "conn"
    finally:
        log.append("close")


@task
def query(conn, n):
    if n == 2:
        raise ValueError("bad query")
    return f"{conn}{n}"


@flow
def main(ns):
    try:
        with connection() as conn:
            return [query(conn, n) for n in ns]
    finally:
        log.append("finally")


print(main([1, 3]))
print(main([1, 2], return_state=True).name, log)
