from headrace import flow


@flow
def counts(n):
    for i in range(n):
        yield i


for value in counts(3):
    print(value)
print(list(counts(2)))
