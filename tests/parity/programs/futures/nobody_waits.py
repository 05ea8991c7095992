# differs: a flow waits for its tasks, and their states are true
import time

from headrace import flow, task

kept = []


@task
def slow():
    time.sleep(0.3)
    print("slow ends")


@flow
def main():
    kept.append(slow.submit())
    print("flow ends")
    return 1


main()
print(kept[0].state.name)
