from headrace import flow, task


class Adder:
    def __init__(self, by):
        self.by = by

    def __call__(self, n):
        return n + self.by


try:
    adder = task(Adder(3), name="adder")
    print(adder.name)
except Exception as error:
    print(type(error).__name__, error)


@flow
def main():
    return adder(1), adder.submit(2).result()


print(main())
