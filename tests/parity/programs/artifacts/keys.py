from headrace import flow
from headrace.artifacts import create_markdown_artifact


@flow
def main():
    for key in ("Bad Key", "bad_key", "good-key-1"):
        try:
            create_markdown_artifact("x", key=key)
            print("ok", key)
        except Exception as exc:
            print(type(exc).__name__, key)


main()
