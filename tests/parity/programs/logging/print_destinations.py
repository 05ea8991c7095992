import sys

from headrace import flow


@flow(log_prints=True)
def f():
    print("logged")
    print("to stderr", file=sys.stderr)
    print("to stdout", file=sys.stdout)
    sys.stdout.write("written\n")


f()
