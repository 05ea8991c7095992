from headrace import flow


@flow
def main(n: int):
    print("never")


print("start")
main("abc")
