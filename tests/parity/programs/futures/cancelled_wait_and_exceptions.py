from headrace import flow, task
from headrace.futures import as_completed, wait
from headrace.states import Cancelled


@task
def gives(kind):
    if kind == "cancelled":
        return Cancelled(message="not wanted")
    return kind


@flow
def main():
    futures = [gives.submit("cancelled"), gives.submit("plain")]
    wait(futures)
    print([f.state.name for f in futures])
    try:
        futures[0].result()
    except BaseException as error:
        print(type(error).__name__, error)
    return "over"


print(main())
