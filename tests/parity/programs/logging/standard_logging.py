import logging
import sys

from headrace import flow

log = logging.getLogger("app")
log.setLevel(logging.INFO)
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
log.addHandler(handler)


@flow(log_prints=True)
def f():
    log.info("from the app")
    print("to the run's log")


f()
