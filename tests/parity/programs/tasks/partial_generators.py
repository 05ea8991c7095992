from headrace import flow, task


@task
def count():
    try:
        for n in range(10):
            yield n
    finally:
        print("closed")


@flow
def main():
    numbers = count()
    print(next(numbers), next(numbers))
    numbers.close()
    total = 0
    for n in count():
        total += n
        if n == 3:
            break
    print(total)
    print(list(zip(count(), "ab")))


main()
print("end")
