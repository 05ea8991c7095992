import sys

from headrace import flow


@flow
def main():
    print("leaving")
    sys.exit(3)


main()
