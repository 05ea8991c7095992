from headrace import flow, task

runs = 0


@task(cache_key_fn=lambda *_: "static")
def work():
    global runs
    runs += 1
    return runs


@flow
def main():
    state = work(return_state=True)
    return state.name, state.result()


print(main(), main(), runs)
