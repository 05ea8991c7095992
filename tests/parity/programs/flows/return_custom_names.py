from headrace import flow, task
from headrace.states import Completed, Failed


@task
def skipped(flag):
    if flag:
        return Completed(name="Skipped", message="not needed")
    return 1


@flow
def main():
    states = [skipped(True, return_state=True), skipped(False, return_state=True)]
    print([s.name for s in states])
    if any(s.name == "Skipped" for s in states):
        return Completed(name="PartlySkipped", message="1 skipped")
    return Failed()


print(main(return_state=True))
