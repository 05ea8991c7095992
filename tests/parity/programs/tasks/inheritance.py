from headrace import flow, task


class Base:
    @task
    def run(self):
        return self.value()

    def value(self):
        return "base"


class Child(Base):
    def value(self):
        return "child"


@flow
def main():
    print(Base().run(), Child().run(), Child().run.submit().result())


main()
