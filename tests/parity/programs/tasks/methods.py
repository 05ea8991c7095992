from headrace import flow, task


class Scaler:
    factor = 3

    def __init__(self, offset):
        self.offset = offset

    @task
    def scale(self, x):
        return x * self.factor + self.offset

    @task(name="made")
    def named(self):
        return type(self).__name__


@flow
def main():
    s = Scaler(100)
    print(s.scale(2))
    print(s.scale.submit(3).result())
    print(s.scale.map([1, 2, 3]).result())
    print(s.named())
    print(Scaler.named.name)


main()
