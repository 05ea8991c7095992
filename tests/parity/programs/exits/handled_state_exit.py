import sys

from headrace import flow


@flow
def main():
    raise ValueError("x")


if __name__ == "__main__":
    state = main(return_state=True)
    print(state.name)
    sys.exit(0 if state.is_completed() else 2)
