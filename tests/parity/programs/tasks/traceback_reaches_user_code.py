import traceback

from headrace import flow, task


@task
def inner():
    raise ValueError("deep")


@flow
def main():
    inner()


try:
    main()
except ValueError as error:
    names = [f.name for f in traceback.extract_tb(error.__traceback__) if f.filename.endswith("program.py")]
    print(names[0], names[-1])
