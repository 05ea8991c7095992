from headrace import flow, task


def broken(context, parameters):
    raise ValueError("no key")


@task(cache_key_fn=broken)
def f():
    print("body")
    return 1


@flow
def main():
    try:
        print(f())
    except Exception as exc:
        print(type(exc).__name__, exc)


main()
