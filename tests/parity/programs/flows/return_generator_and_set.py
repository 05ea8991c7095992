from headrace import flow


@flow
def sets():
    return {1, 2}


@flow
def tuples():
    return 1, "a", None


@flow
def objects():
    class Thing:
        def __repr__(self):
            return "Thing()"

    return Thing()


print(sets(), tuples(), objects())
