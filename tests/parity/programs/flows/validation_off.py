from headrace import flow


@flow(validate_parameters=False)
def loose(n: int):
    return n


print(repr(loose("5")))
print(repr(loose([1])))
