import atexit

from headrace import flow

atexit.register(lambda: print("bye"))


@flow
def main():
    print("hello")


main()
