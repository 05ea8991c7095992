from headrace import flow


class Pipeline:
    def __init__(self, n):
        self.n = n

    @flow
    def run(self, m: int):
        return self.n * m

    @staticmethod
    @flow
    def fixed(x):
        return x + 1

    @classmethod
    @flow
    def named(cls):
        return cls.__name__


p = Pipeline(3)
print(p.run(4), p.run("5"))
print(Pipeline.fixed(1), p.fixed(2))
print(Pipeline.named())
print(Pipeline.run.name)
