from headrace import flow, task


@task(cache_key_fn=lambda context, args: "key-1")
def cached():
    return 1


@flow
def main():
    state = cached(return_state=True)
    print(state.state_details.cache_key)
    print(type(state.state_details.task_run_id).__name__, state.state_details.flow_run_id is not None)
    print(state.timestamp is not None, state.timestamp.tzinfo is not None)


main()
