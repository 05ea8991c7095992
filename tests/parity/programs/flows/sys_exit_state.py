import sys

from headrace import flow


@flow
def child():
    sys.exit("goodbye")


try:
    child(return_state=True)
except SystemExit as exc:
    print("SystemExit", exc.code)
