from headrace.concurrency.sync import concurrency

with concurrency("parity-no-such-limit", occupy=1):
    print("no limit, no waiting")
try:
    with concurrency("parity-no-such-limit", strict=True):
        print("not reached")
except Exception as exc:
    print(type(exc).__name__)
