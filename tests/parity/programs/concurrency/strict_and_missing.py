from headrace import flow
from headrace.concurrency.sync import concurrency, rate_limit


@flow
def main():
    with concurrency("parity2-none", occupy=1):
        print("no such limit: runs")
    try:
        with concurrency("parity2-none", occupy=1, strict=True):
            print("not here")
    except Exception as error:
        print(type(error).__name__, error)
    rate_limit("parity2-none")
    print("rate: runs")
    try:
        rate_limit("parity2-none", strict=True)
    except Exception as error:
        print(type(error).__name__, error)
    with concurrency([], occupy=1):
        print("none asked")


main()
