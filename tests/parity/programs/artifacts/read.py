from headrace import flow
from headrace.artifacts import Artifact, create_markdown_artifact, create_table_artifact


@flow
def main():
    create_markdown_artifact("first", key="parity-read")
    create_markdown_artifact("second", key="parity-read", description="newer")
    create_table_artifact({"a": [1, 2]}, key="parity-read-table")


main()
artifact = Artifact.get("parity-read")
print(artifact.key, artifact.type, artifact.data, artifact.description)
print(Artifact.get("parity-read-table").data)
print(Artifact.get("parity-no-such"))
