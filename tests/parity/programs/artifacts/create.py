from uuid import UUID

from headrace import flow, task
from headrace.artifacts import create_image_artifact, create_link_artifact, create_markdown_artifact, create_progress_artifact, create_table_artifact, update_progress_artifact


@task
def report():
    return create_markdown_artifact("# Title", key="parity-report", description="d")


@flow
def main():
    ids = [
        report(),
        create_table_artifact([{"a": 1}, {"a": 2}], key="parity-table"),
        create_link_artifact("https://example.org", link_text="here", key="parity-link"),
        create_image_artifact("https://example.org/i.png", key="parity-image"),
    ]
    progress = create_progress_artifact(10.0, key="parity-progress")
    update_progress_artifact(progress, 50.0)
    print([isinstance(i, UUID) for i in ids + [progress]], len(set(ids)))


main()
