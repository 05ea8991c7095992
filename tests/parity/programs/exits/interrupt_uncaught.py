from headrace import flow


@flow
def main():
    print("working")
    raise KeyboardInterrupt


main()
