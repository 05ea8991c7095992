from headrace import Flow, Task, flow, task


def plain(x=1):
    """Doc."""
    return x


one = flow(plain)
two = flow(plain, name="two")
three = Flow(plain, name="three", retries=1)
four = Task(plain, name="four")
five = task(name="five")(plain)
print(one.name, two.name, three.name, four.name, five.name)
print(one(2), two(3), three(4), one.description, three.retries, one.fn is plain)


@flow
def main():
    return four(5), five(6)


print(main())
print(one.__doc__, one.__module__, repr(one)[:20] != "")
