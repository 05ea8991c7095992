from headrace import flow, task


@task
def broken():
    yield 1
    yield 2
    raise ValueError("stop here")


@flow
def main():
    seen = []
    try:
        for item in broken():
            seen.append(item)
    except ValueError as exc:
        print(seen, exc)


main()
