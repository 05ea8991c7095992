from headrace import flow, task


class Model:
    def __init__(self, k):
        self.k = k

    @task
    def times(self, n):
        return self.k * n

    @staticmethod
    @task
    def half(n):
        return n / 2

    @classmethod
    @task(name="make-it")
    def make(cls, n):
        return cls(n).k


@flow
def main():
    model = Model(3)
    print(model.times.map([1, 2]).result(), model.times.submit(5).result())
    print(Model.half.map([1, 2]).result(), Model.make.submit(4).result(), Model.make(2))
    print(model.times.with_options(retries=1)(7) if hasattr(model.times, "with_options") else "")


main()
