import sys

from headrace import flow, task


@task
def leave():
    sys.exit(7)


@flow
def main():
    leave()


main()
