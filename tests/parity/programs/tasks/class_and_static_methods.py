from headrace import flow, task


class Factory:
    kind = "base"

    @classmethod
    @task
    def made(cls, n):
        return f"{cls.kind}-{n}"

    @staticmethod
    @task
    def add(a, b):
        return a + b


class Special(Factory):
    kind = "special"


@flow
def main():
    print(Factory.made(1), Special.made(2))
    print(Factory.add(1, 2), Special().add(3, 4))
    print(Factory.add.submit(5, 6).result())


main()
