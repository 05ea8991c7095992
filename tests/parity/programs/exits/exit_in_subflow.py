import sys

from headrace import flow


@flow
def child():
    sys.exit(9)


@flow
def parent():
    print("calling")
    child()
    print("unreachable")


parent()
