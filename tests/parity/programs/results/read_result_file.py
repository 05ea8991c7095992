import json
from pathlib import Path

from headrace import flow, task
from headrace.filesystems import LocalFileSystem


@task(result_storage_key="numbers.json", result_serializer="json", persist_result=True)
def numbers():
    return [1, {"a": None}]


storage = LocalFileSystem(basepath=str(Path("kept").resolve()))
storage.save("parity2-kept", overwrite=True)


@flow(result_storage=storage)
def main():
    numbers()


main()
text = Path("kept/numbers.json").read_text()
record = json.loads(text)
print(sorted(record), sorted(set(record["metadata"]) - {"task"}))
print(record["result"], record["metadata"]["storage_key"].endswith("numbers.json"), record["metadata"]["serializer"]["type"])
