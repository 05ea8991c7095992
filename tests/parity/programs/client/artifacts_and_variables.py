from headrace import flow
from headrace.artifacts import create_markdown_artifact, create_table_artifact
from headrace.client.orchestration import get_client
from headrace.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from headrace.variables import Variable


@flow
def main():
    create_markdown_artifact("# One", key="parity2-client-md", description="first")
    create_markdown_artifact("# Two", key="parity2-client-md")
    create_table_artifact({"a": [1, 2]}, key="parity2-client-table")


state = main(return_state=True)
with get_client(sync_client=True) as client:
    found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["parity2-client-md"])))
    mine = [a for a in found if a.flow_run_id == state.state_details.flow_run_id]
    print(sorted((a.type, a.data) for a in mine))
    latest = client.read_latest_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["parity2-client-md"])))
    print([(a.key, a.data) for a in latest])
    Variable.set("parity2_client", [1], overwrite=True)
    print(client.read_variable_by_name("parity2_client").value, client.read_variable_by_name("parity2_nope"))
    client.delete_variable_by_name("parity2_client")
    print(Variable.get("parity2_client"))
