from headrace import flow, task

log = []


@task(retries=2, retry_delay_seconds=[0.01, 0.02])
def flaky(items):
    items.append(len(items))
    log.append(len(items))
    if len(items) < 3:
        raise OSError(f"attempt {len(items)}")
    return items


@flow
def main():
    future = flaky.submit([])
    print(future.result(), log)
    state = flaky.with_options(retries=0)([], return_state=True)
    print(state.name, state.message)


main()
