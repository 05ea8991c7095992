from headrace import flow


@flow
def child():
    raise KeyboardInterrupt


@flow
def main():
    child()


try:
    main()
except BaseException as error:
    print(type(error).__name__)
raise SystemExit(4)
