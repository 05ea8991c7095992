import os
import signal

from headrace import flow


@flow
def main():
    print("before", flush=True)
    os.kill(os.getpid(), signal.SIGINT)
    print("after")


try:
    main()
except KeyboardInterrupt:
    print("interrupted")
