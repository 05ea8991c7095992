"""Results in storages that are saved as blocks, and read by whoever asks."""

from __future__ import annotations

import datetime
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from headrace import flow, get_client, task
from headrace.cache_policies import INPUTS
from headrace.context import get_run_context
from headrace.exceptions import (
    ConfigurationError,
    FailedRun,
    MissingResult,
    SerializationError,
    UnserializableResult,
)
from headrace.filesystems import LocalFileSystem, RemoteFileSystem, WritableFileSystem
from headrace.recorder import settle
from headrace.results import (
    ResultStore,
    get_default_persist_setting,
    get_result_store,
    resolve_result_storage,
    should_persist_result,
)
from headrace.results.records import ResultRecord, ResultRecordMetadata
from headrace.serializers import JSONSerializer, PickleSerializer
from headrace.settings import temporary_settings
from headrace.states import State
from headrace.transactions import transaction
from tests.run_kit import Book, VirtualClock


@task(cache_policy=INPUTS)
def double(x: int) -> int:
    return 2 * x


def test_a_saved_block_is_a_storage_by_itself_its_name_and_its_id(
    book: Book, tmp_path: Path
) -> None:
    storage = LocalFileSystem(basepath=str(tmp_path / "saved"))
    block_id = storage.save("ours")
    assert [
        double.with_options(result_storage=given)(4, return_state=True).name
        for given in (storage, "local-file-system/ours")
    ] == ["Completed", "Cached"]
    assert resolve_result_storage(block_id) == storage
    (file,) = (tmp_path / "saved").iterdir()
    metadata = json.loads(file.read_bytes())["metadata"]
    assert (metadata["storage_block_id"], metadata["storage_key"]) == (str(block_id), file.name)
    with pytest.raises(ValueError, match="Unable to find block document named other"):
        resolve_result_storage("local-file-system/other")


def test_neither_task_nor_flow_runs_whose_storage_is_not_there(book: Book) -> None:
    calls = []

    def work() -> None:
        calls.append("work")

    for kind in (task, flow):
        with pytest.raises(ValueError, match="document named absent for block type local-file-sy"):
            kind(result_storage="local-file-system/absent")(work)()
    assert calls == []


def test_the_settings_name_a_saved_block(book: Book, tmp_path: Path) -> None:
    RemoteFileSystem(basepath="memory://bucket/default").save("default")
    block = "remote-file-system/default"
    with temporary_settings({"results.default_storage_block": block}):

        @flow
        def pipeline() -> bool:
            double(5)
            return get_run_context().persist_result

        assert pipeline() is True
    assert len(RemoteFileSystem(basepath="memory://bucket").filesystem.ls("bucket/default")) == 2


def test_a_block_that_is_no_file_system_is_refused(book: Book) -> None:
    from headrace.blocks.system import Secret

    Secret.model_validate({"value": "x"}).save("password")
    with pytest.raises(TypeError, match="a block of type 'secret' is no file system"):
        resolve_result_storage("secret/password")


class Dictionary(WritableFileSystem):
    """A file system of a user's, with asynchronous methods alone."""

    files: dict[str, bytes] = {}  # noqa: RUF012  # pydantic copies it for each

    async def read_path(self, path: str) -> bytes:
        return self.files[path]

    async def write_path(self, path: str, content: bytes) -> None:
        self.files[path] = content


async def test_a_file_system_of_ones_own(book: Book) -> None:
    storage = Dictionary()
    await storage.asave("dictionary")
    step = double.with_options(result_storage=storage)
    assert [step(3, return_state=True).name for _ in range(2)] == ["Completed", "Cached"]
    assert len(storage.files) == 1
    store = ResultStore(result_storage=storage)
    await store.awrite({"a": 1}, key="k")
    assert (await store.aread("k")).result == {"a": 1}
    assert await store.aexists("k")
    assert not await store.aexists("other")


def test_the_store(book: Book, clock: VirtualClock, tmp_path: Path) -> None:
    store = ResultStore(LocalFileSystem(basepath=str(tmp_path)), serializer=JSONSerializer())
    store.write([1, None], key="k")
    assert store.read("k").result == [1, None]
    assert store.read("k").metadata.storage_key == str(tmp_path / "k")
    with pytest.raises(ValueError, match="does not exist"):
        store.read("other")
    soon = datetime.datetime.fromtimestamp(clock.now() / 1e6, datetime.UTC)
    store.write(1, key="brief", expiration=soon + datetime.timedelta(seconds=10))
    assert store.exists("brief")
    clock.sleep(11)
    assert not store.exists("brief")
    with pytest.raises(SerializationError, match="Failed to serialize object of type 'object'"):
        store.write(object(), key="x")
    with pytest.raises(ConfigurationError, match="not configured with a lock manager"):
        store.is_locked("k")


def test_a_record_is_read_as_it_was_written() -> None:
    metadata = ResultRecordMetadata(
        storage_key="k", expiration=datetime.datetime.now(datetime.UTC), serializer=JSONSerializer()
    )
    record = ResultRecord(metadata, {"a": [1]})
    assert ResultRecord.deserialize(record.serialize()) == record
    apart = record.serialize_result(), record.serialize_metadata()
    assert ResultRecord.deserialize_from_result_and_metadata(*apart) == record
    alone = PickleSerializer().dumps((1, 2))
    again = ResultRecord.deserialize(alone, backup_serializer=PickleSerializer())
    assert again.result == (1, 2)
    with pytest.raises(ValueError, match="not the record of a result"):
        ResultRecord.deserialize(alone)


def test_runs_have_the_store_that_their_options_say(book: Book, tmp_path: Path) -> None:
    @task(result_serializer="json", persist_result=False)
    def inner() -> Any:
        return get_result_store(), should_persist_result()

    @flow(result_storage=tmp_path / "flow", cache_result_in_memory=False)
    def pipeline() -> Any:
        return get_result_store(), should_persist_result(), *inner()

    own, persists, within, persists_within = pipeline()
    assert own.result_storage == within.result_storage
    assert own.result_storage.basepath == str(tmp_path / "flow")
    assert (persists, persists_within) == (True, False)
    assert isinstance(within.serializer, JSONSerializer)
    assert (own.cache_result_in_memory, within.cache_result_in_memory) == (False, True)
    assert get_default_persist_setting() is False


def test_a_flows_result_is_kept(book: Book, tmp_path: Path) -> None:
    @flow(result_storage=tmp_path / "flow", result_serializer="json")
    def pipeline() -> dict[str, int]:
        return {"rows": 3}

    pipeline()
    (file,) = (tmp_path / "flow").iterdir()
    assert json.loads(file.read_bytes())["result"] == '{"rows": 3}'
    pipeline.with_options(result_serializer="json")()
    assert len(list((tmp_path / "flow").iterdir())) == 2


def test_a_flow_fails_whose_result_is_to_be_kept_and_cannot_be(book: Book) -> None:
    @flow(persist_result=True, result_serializer="json")
    def pipeline() -> object:
        return object

    state: Any = pipeline(return_state=True)
    assert (state.name, type(state.data)) == ("Failed", UnserializableResult)
    with pytest.raises(UnserializableResult, match="flow 'pipeline': the result, of type 'type'"):
        pipeline()


def test_a_flows_result_that_the_settings_want_kept_completes_it(book: Book) -> None:
    @flow
    def pipeline() -> object:
        return threading.Lock()

    with temporary_settings({"HEADRACE_RESULTS_PERSIST_BY_DEFAULT": True}):
        state: Any = pipeline(return_state=True)
    assert state.name == "Completed"
    (warning,) = [line for line in book.messages() if "persisting result" in line]
    assert "flow 'pipeline': the result, of type 'lock', cannot be written" in warning


def test_a_state_that_was_read_finds_its_result_at_an_address(book: Book) -> None:
    kept = double.with_options(result_storage="memory://bucket/elsewhere")(6, return_state=True)
    found = _task_run_as_read(kept)
    assert (found.name, found.data, found.result()) == ("Completed", None, 12)
    RemoteFileSystem(basepath="memory://bucket").filesystem.rm("/bucket/elsewhere", recursive=True)
    with pytest.raises(MissingResult, match="The result was kept, but cannot be read: "):
        _task_run_as_read(kept).result()


def test_what_could_not_be_kept_tells_so_to_whoever_reads_it(book: Book) -> None:
    @task(cache_policy=INPUTS)
    def step(x: int) -> object:
        return threading.Lock()

    with pytest.raises(UnserializableResult, match="task 'step': the result, of type 'lock'"):
        _task_run_as_read(step(1, return_state=True)).result()


@pytest.mark.parametrize(
    "options",
    [
        {"persist_result": True},
        {"persist_result": True, "cache_policy": INPUTS},
        {"result_storage": Path("elsewhere")},
        {"result_serializer": "json"},
        {"result_storage_key": "mine"},
    ],
    ids=lambda options: "+".join(options),
)
def test_a_task_fails_whose_result_is_to_be_kept_and_cannot_be(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[object] = []

    @task(retries=2, on_failure=[lambda _, __, state: told.append(state.name)], **options)
    def step(x: int) -> object:
        told.append("ran")
        return threading.Lock()

    @flow
    def pipeline() -> None:
        step(1)

    with pytest.raises(UnserializableResult) as raised:
        pipeline()
    message = str(raised.value)
    assert message.startswith("flow 'pipeline', task 'step': the result, of type 'lock', cannot be")
    assert "or do not keep the result (persist_result=False)" in message
    assert told == ["ran", "Failed"]
    with pytest.raises(UnserializableResult, match="task 'step': the result, of type 'lock'"):
        _task_run_as_read(step(1, return_state=True)).result()


async def test_in_asynchronous_code_as_well(book: Book) -> None:
    @task(persist_result=True)
    async def step() -> object:
        return threading.Lock()

    state: Any = await step(return_state=True)
    with pytest.raises(UnserializableResult, match="task 'step'"):
        await state.result()


def test_a_result_that_others_want_kept_completes_its_task(book: Book) -> None:
    @task
    def step() -> object:
        return threading.Lock()

    @flow(persist_result=True)
    def pipeline() -> str:
        return step(return_state=True).name

    assert pipeline() == "Completed"
    (warning,) = [line for line in book.messages() if "while serializing result" in line]
    assert "flow 'pipeline', task 'step': the result, of type 'lock'" in warning


def test_what_a_task_did_is_undone_if_its_result_has_to_be_kept_and_cannot_be(book: Book) -> None:
    undone: list[str] = []

    @task(persist_result=True, on_rollback=[lambda _: undone.append("step")])
    def step() -> object:
        return threading.Lock()

    @task(on_rollback=[lambda _: undone.append("before")])
    def before() -> None: ...

    with pytest.raises(UnserializableResult), transaction():  # noqa: PT012  # one program
        before()
        step()
    assert undone == ["step", "before"]


def test_what_was_undone_has_no_result(book: Book) -> None:
    with transaction() as undone:
        state = double(7, return_state=True)
        undone.rollback()
    found = _task_run_as_read(state)
    assert found.name == "RolledBack"
    with pytest.raises(MissingResult, match="State data is missing"):
        found.result()


def test_a_hook_has_the_result_of_its_run_be_it_nothing(book: Book) -> None:
    told: list[object] = []

    @task(persist_result=True, on_completion=[lambda _, __, state: told.append(state.result())])
    def nothing() -> None:
        """Gives nothing."""

    nothing()
    assert told == [None]


class Unpicklable(Exception):
    """Cannot be written down."""

    def __reduce__(self) -> str:
        raise TypeError("not this one")


def test_a_failure_that_cannot_be_kept_is_told_of_by_its_message(book: Book) -> None:
    @task
    def fails() -> None:
        raise Unpicklable("oh")

    @flow
    def pipeline(persist: bool) -> None:
        fails.with_options(persist_result=persist)()

    for persist in (False, True):
        flow_run_id = pipeline(persist, return_state=True).flow_run_id
        assert flow_run_id is not None
        with get_client(sync_client=True) as client:
            state = client.read_flow_run(flow_run_id).state
        assert state is not None
        with pytest.raises(FailedRun, match="Flow run encountered an exception: Unpicklable: oh"):
            state.result()
    # Whoever asks for results to be kept hears of it, and nobody else.
    (warning,) = [said for said in book.messages() if "while persisting result" in said]
    assert "the result has not been persisted" in warning


def _task_run_as_read(state: State[Any]) -> State[Any]:
    """The state of the run that is in `state`, as a client reads it."""
    settle()
    task_run_id = state.state_details.task_run_id
    assert task_run_id is not None
    with get_client(sync_client=True) as client:
        found = client.read_task_run(task_run_id).state
    assert found is not None
    return found
