from headrace import flow, task

attempts = []


@task(retries=2)
def flaky():
    attempts.append(len(attempts) + 1)
    if len(attempts) < 3:
        raise ValueError(f"attempt {len(attempts)}")
    return "ok"


@flow
def main():
    print(flaky())
    print(attempts)


main()
