from headrace import flow, task
from headrace.artifacts import Artifact, create_link_artifact, create_markdown_artifact, create_progress_artifact, create_table_artifact, create_image_artifact, update_progress_artifact


@task
def make():
    return create_markdown_artifact(key="parity2-md", markdown="# Title", description="d")


@flow
def main():
    ident = make()
    print(type(ident).__name__)
    create_table_artifact(key="parity2-table", table=[{"a": 1, "b": None}, {"a": 2.5, "b": "x"}])
    create_table_artifact(table={"c": [1, 2]})
    create_link_artifact(link="https://example.org", link_text="ex", key="parity2-link")
    create_image_artifact(image_url="https://example.org/x.png", key="parity2-image")
    progress = create_progress_artifact(progress=10.0, key="parity2-progress")
    update_progress_artifact(progress, progress=55)
    for key in ("parity2-md", "parity2-table", "parity2-link", "parity2-image", "parity2-progress"):
        found = Artifact.get(key)
        print(key, found.type, repr(found.data), found.description)
    print(Artifact.get("parity2-none"))
    for bad in ("Upper_Case", "has space"):
        try:
            create_markdown_artifact(key=bad, markdown="x")
        except Exception as error:
            print(type(error).__name__)


main()
