from headrace import flow, task

runs = 0


@task(cache_key_fn=lambda *_: "k")
def work():
    global runs
    runs += 1
    if runs == 1:
        raise ValueError("first")
    return runs


@flow
def main():
    print(work(return_state=True).name)
    print(work(return_state=True).name)
    print(work(return_state=True).name, runs)


main()
