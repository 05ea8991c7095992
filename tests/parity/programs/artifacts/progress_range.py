from headrace import flow
from headrace.artifacts import create_progress_artifact


@flow
def main():
    for progress in (-1.0, 0.0, 100.0, 101.0):
        try:
            create_progress_artifact(progress)
            print("ok", progress)
        except Exception as exc:
            print(type(exc).__name__, exc)


main()
