from headrace import flow, task


def say(what):
    def hook(obj, run, state):
        print(what, obj.name, state.name)

    hook.__name__ = f"say_{what}"
    return hook


@task(on_completion=[say("a"), say("b")], on_failure=[say("f")])
def work(fail=False):
    if fail:
        raise ValueError("x")


@flow(on_completion=[say("child")], on_failure=[say("child-failed")])
def child(fail):
    work(fail)


@flow(on_completion=[say("main")], on_failure=[say("main-failed")])
def main():
    child(False)
    child(True, return_state=True)
    print("body over")


main()
