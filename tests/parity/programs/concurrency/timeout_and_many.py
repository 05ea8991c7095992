from headrace import flow
from headrace.client.orchestration import get_client
from headrace.concurrency.sync import concurrency

with get_client(sync_client=True) as client:
    client.upsert_global_concurrency_limit_by_name("parity2-a", 2)
    client.upsert_global_concurrency_limit_by_name("parity2-b", 1)


@flow
def main():
    with concurrency(["parity2-a", "parity2-b"], occupy=1):
        print("both")
        try:
            with concurrency("parity2-b", occupy=1, timeout_seconds=0.3):
                print("not here")
        except TimeoutError as error:
            print(type(error).__name__)
        with concurrency("parity2-a", occupy=1, timeout_seconds=2):
            print("one left")
    with concurrency("parity2-b"):
        print("free again")
    try:
        raise ValueError("x")
    except ValueError:
        with concurrency("parity2-b", timeout_seconds=1):
            print("in except")


main()
