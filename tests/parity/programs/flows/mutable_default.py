from headrace import flow


@flow
def f(items: list = []):
    items.append(1)
    return items


print(f(), f(), f([5]))
