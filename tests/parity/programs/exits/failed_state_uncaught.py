from headrace import flow
from headrace.states import Failed

@flow
def main():
    print("returning a failure")
    return Failed(message="stop")


main()
