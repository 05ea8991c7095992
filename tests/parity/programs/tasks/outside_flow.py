from headrace import task


@task
def shout(text):
    return text.upper() + "!"


if __name__ == "__main__":
    print(shout("hello"))
    state = shout("again", return_state=True)
    print(state.type, state.name, state.is_completed())
    print(state.result())
