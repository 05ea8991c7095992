from headrace import flow, task

order = []


@task
def add(name, *needed):
    order.append(name)
    return name


@flow
def main():
    a = add.submit("a")
    b = add.submit("b", a)
    c = add.submit("c", a, b)
    d = add.submit("d", [c, {"x": b}])
    d.wait()
    print(order)
    e = add("e", d)
    return e


print(main())
