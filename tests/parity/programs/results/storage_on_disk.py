import os
from pathlib import Path

from headrace import flow, task
from headrace.settings import HEADRACE_LOCAL_STORAGE_PATH, temporary_settings

here = Path("results").absolute()


@task(persist_result=True)
def work():
    return "x"


@task(persist_result=False)
def nothing():
    return "y"


@flow
def main():
    nothing()
    print(len(list(here.glob("*"))) if here.exists() else 0)
    work()
    print(len(list(here.glob("*"))))


with temporary_settings({HEADRACE_LOCAL_STORAGE_PATH: here}):
    main()
