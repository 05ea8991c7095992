from headrace import flow, task


class Pipeline:
    factor = 2

    def __init__(self, start):
        self.start = start

    @task
    def step(self, n):
        return self.start + n * self.factor

    @flow
    def run(self, n: int):
        return self.step(n)

    @flow
    def mapped(self, ns: list[int]):
        return self.step.map(ns).result()

    @classmethod
    @flow
    def describe(cls):
        return cls.__name__

    @staticmethod
    @flow
    def version():
        return "1"


p = Pipeline(100)
print(p.run(3), p.run("4"))
print(Pipeline.describe(), Pipeline.version(), p.describe())
print(p.mapped([1, 2]))


class Sub(Pipeline):
    factor = 3


print(Sub(1).run(3), Sub.describe())
