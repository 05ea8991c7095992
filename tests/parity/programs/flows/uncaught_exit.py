from headrace import flow


@flow
def bad():
    print("in flow")
    raise RuntimeError("uncaught")


if __name__ == "__main__":
    bad()
    print("unreachable")
