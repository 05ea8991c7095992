from headrace import flow, task


class Plain:
    def __init__(self, n):
        self.n = n


@task
def use(thing: Plain):
    return thing.n


@flow
def main(thing: Plain, many: list[Plain] | None = None):
    return use(thing) + sum(use(t) for t in many or [])


thing = Plain(5)
print(main(thing), main(thing, [Plain(1), Plain(2)]))
try:
    main(3)
except Exception as error:
    print(type(error).__name__)


class Child(Plain):
    pass


print(main(Child(2)))
