import sys

from headrace import flow, task


@task
def work(n):
    print("task", n)
    sys.stdout.write("raw\n")


@flow
def main():
    print("flow start")
    work(1)
    work.submit(2).wait()
    print("flow end", flush=True)


print("top")
main()
print("bottom", end="")
