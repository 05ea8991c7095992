"""A store of results, and which one the run that the code is in has."""

from __future__ import annotations

import datetime
import os
import socket
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID, uuid4

import msgspec

from headrace.context import (
    CURRENT_RUN,
    CURRENT_TRANSACTION,
    LiveRun,
    LiveTaskRun,
    current_clock,
    current_settings,
)
from headrace.exceptions import ConfigurationError, UnserializableResult
from headrace.filesystems import NullFileSystem, WritableFileSystem
from headrace.logging import get_logger
from headrace.results.options import named_serializer
from headrace.results.records import ResultRecord, ResultRecordMetadata, split_record
from headrace.results.storages import (
    get_default_result_storage,
    resolve_result_storage,
)
from headrace.serializers import Serializer, resolve_serializer
from headrace.text import describe_error
from headrace.utilities.asyncutils import call_sync, run_sync_in_worker_thread

if TYPE_CHECKING:
    from headrace.flows import Flow
    from headrace.locking.protocol import LockManager
    from headrace.tasks import Task
    from headrace.transactions import IsolationLevel

ResultSerializer = Serializer[Any] | str

#: Which storages could not be looked into, and how: told of already.
_told: set[tuple[str, type[OSError]]] = set()

#: How many results a store keeps in memory at most.
_REMEMBERED = 1000


class ResultStore:
    """Keeps results, each under a key, and reads them again.

    Args:
        result_storage: where results stand; by default as the settings say.
        metadata_storage: where what is known about them stands; by default beside them.
        lock_manager: keeps others out while a result is computed; needed for SERIALIZABLE
            transactions.
        cache_result_in_memory: whether results that were read or written are remembered.
        serializer: how results become bytes; by default as the settings say.
        storage_key_fn: makes a key for a result that is given none.
    """

    def __init__(
        self,
        result_storage: WritableFileSystem | None = None,
        metadata_storage: WritableFileSystem | NullFileSystem | None = None,
        lock_manager: LockManager | None = None,
        cache_result_in_memory: bool = True,
        serializer: Serializer[Any] | None = None,
        storage_key_fn: Callable[[], str] | None = None,
        cache: OrderedDict[str, ResultRecord[Any]] | None = None,
    ) -> None:
        self.result_storage = result_storage
        self.metadata_storage = metadata_storage
        self.lock_manager = lock_manager
        self.cache_result_in_memory = cache_result_in_memory
        self.serializer = serializer or get_default_result_serializer()
        self.storage_key_fn = storage_key_fn or _new_key
        #: Shared by the stores that are made of one another.
        self.cache: OrderedDict[str, ResultRecord[Any]] = OrderedDict() if cache is None else cache

    @property
    def result_storage_block_id(self) -> UUID | None:
        """The id of the saved block that is the storage, if one is."""
        return getattr(self.result_storage, "_block_document_id", None)

    def model_copy(self, update: dict[str, Any] | None = None) -> Self:
        """A store like this one, with what is given changed."""
        return type(self)(**{**vars(self), **(update or {})})

    def update_for_flow(self, flow: Flow[..., Any]) -> Self:
        """The store of a flow called where this one is in use."""
        return self.model_copy({**self._options_of(flow), "metadata_storage": NullFileSystem()})

    async def aupdate_for_flow(self, flow: Flow[..., Any]) -> Self:
        """As `update_for_flow`, without holding up the event loop."""
        return await run_sync_in_worker_thread(self.update_for_flow, flow)

    def update_for_task(self, task: Task[..., Any]) -> Self:
        """The store of a task called where this one is in use."""
        update = self._options_of(task)
        if isinstance(self.metadata_storage, NullFileSystem):
            update["metadata_storage"] = None
        around = CURRENT_TRANSACTION.get()
        if around is not None and around.store is not None:
            update["lock_manager"] = around.store.lock_manager
        policy: Any = task.cache_policy
        if policy is not None and policy.key_storage is not None:
            update["metadata_storage"] = resolve_result_storage(policy.key_storage)
        if policy is not None and policy.lock_manager is not None:
            update["lock_manager"] = policy.lock_manager
        return self.model_copy(update)

    async def aupdate_for_task(self, task: Task[..., Any]) -> Self:
        """As `update_for_task`, without holding up the event loop."""
        return await run_sync_in_worker_thread(self.update_for_task, task)

    def _options_of(self, definition: Flow[..., Any] | Task[..., Any]) -> dict[str, Any]:
        options: Any = definition
        update: dict[str, Any] = {"cache_result_in_memory": options.cache_result_in_memory}
        if options.result_storage is not None:
            update["result_storage"] = resolve_result_storage(options.result_storage)
        elif self.result_storage is None:
            update["result_storage"] = get_default_result_storage()
        if options.result_serializer is not None:
            title = f"{options.kind} '{options.name}'"
            update["serializer"] = named_serializer(title, options.result_serializer)
        return update

    def for_transactions(self) -> Self:
        """The same, with what is known about results beside them, as it is for tasks."""
        if isinstance(self.metadata_storage, NullFileSystem):
            return self.model_copy({"metadata_storage": None})
        return self

    def exists(self, key: str) -> bool:
        """Whether a result is kept under `key` and has not expired."""
        return self.counts(self.read_metadata(key))

    async def aexists(self, key: str) -> bool:
        """As `exists`, without holding up the event loop."""
        return await run_sync_in_worker_thread(self.exists, key)

    def counts(self, metadata: ResultRecordMetadata | None) -> bool:
        """Whether there is such a result, and it has not expired."""
        return metadata is not None and metadata.counts_at(_now())

    def read_metadata(self, key: str) -> ResultRecordMetadata | None:
        """What is known about the result under `key`; None if there is none, or it is damaged."""
        try:
            if self.metadata_storage is not None:
                content = call_sync(self.metadata_storage.read_path, key)
                return None if content is None else ResultRecordMetadata.load_bytes(content)
            content = call_sync(self._storage().read_path, key)
            return None if content is None else split_record(content)[0]
        except Exception as error:  # each storage has its own for "there is no such file"
            if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
                self._tell_of_trouble(error)
            return None

    def _tell_of_trouble(self, error: OSError) -> None:
        """Warn, once in a process, that a storage cannot be looked into: no call finds a result."""
        place = str(getattr(self._storage(), "basepath", type(self.result_storage).__name__))
        if (trouble := (place, type(error))) not in _told:
            _told.add(trouble)
            get_logger("results").warning(
                "Results cannot be looked for in %s: %s; tasks run anew",
                place,
                describe_error(error),
            )

    def read(self, key: str, holder: str | None = None) -> ResultRecord[Any]:
        """The result kept under `key`, once nobody else has it locked.

        Args:
            key: what it was kept under.
            holder: who reads, if it may be the holder of the lock.

        Raises:
            ValueError: there is none.
            Exception: it cannot be read: the storage or the serializer says why.
        """
        holder = holder or self.generate_default_holder()
        if self.lock_manager is not None and not self.is_lock_holder(key, holder):
            self.wait_for_lock(key)
        place = self.place(key)
        remembered = self.cache.get(place)
        if remembered is not None and remembered.metadata.counts_at(_now()):
            return remembered
        record = self._read_stored(key)
        record.mark_persisted()
        self._remember(place, record)
        return record

    async def aread(self, key: str, holder: str | None = None) -> ResultRecord[Any]:
        """As `read`, without holding up the event loop."""
        holder = holder or self.generate_default_holder()
        return await run_sync_in_worker_thread(self.read, key, holder)

    def _read_stored(self, key: str) -> ResultRecord[Any]:
        storage = self._storage()
        if self.metadata_storage is None:
            content = call_sync(storage.read_path, key)
            return ResultRecord.deserialize(content, backup_serializer=self.serializer)
        known = call_sync(self.metadata_storage.read_path, key)
        place = ResultRecordMetadata.load_bytes(known).storage_key
        return ResultRecord.deserialize_from_result_and_metadata(
            result=call_sync(storage.read_path, place), metadata=known
        )

    def create_result_record(
        self,
        obj: Any,
        key: str | None = None,
        expiration: datetime.datetime | None = None,
        task: str | None = None,
        owner: str | None = None,
    ) -> ResultRecord[Any]:
        """A record of `obj` as this store would keep it; it is not kept yet.

        Args:
            obj: the result.
            key: what to keep it under; by default a new key.
            expiration: until when it counts; None is for good.
            task: which task it is of, if it is one's.
            owner: what messages call the run that it is of, if it is one's.
        """
        metadata = ResultRecordMetadata(
            storage_key=self.place(key or self.storage_key_fn()),
            expiration=expiration,
            serializer=self.serializer,
            storage_block_id=self.result_storage_block_id,
            task=task,
        )
        return ResultRecord(metadata, obj, owner)

    def write(
        self,
        obj: Any,
        key: str | None = None,
        expiration: datetime.datetime | None = None,
        holder: str | None = None,
    ) -> None:
        """Keep `obj`.

        Args:
            obj: the result.
            key: what to keep it under; by default a new key.
            expiration: until when it counts; None is for good.
            holder: who writes, if it may be the holder of the lock.

        Raises:
            SerializationError: the serializer cannot turn it into bytes.
            RuntimeError: somebody else has the key locked.
            Exception: it cannot be written: the storage says why.
        """
        self.persist_result_record(self.create_result_record(obj, key, expiration), holder)

    async def awrite(
        self,
        obj: Any,
        key: str | None = None,
        expiration: datetime.datetime | None = None,
        holder: str | None = None,
    ) -> None:
        """As `write`, without holding up the event loop."""
        await self.apersist_result_record(self.create_result_record(obj, key, expiration), holder)

    def persist_result_record(
        self, result_record: ResultRecord[Any], holder: str | None = None
    ) -> None:
        """Keep a record under its key; raises as `write` does."""
        place = result_record.metadata.storage_key
        if place is None:
            raise ValueError("the record has no storage key")
        key = self._key_of(place)
        holder = holder or self.generate_default_holder()
        locks = self.lock_manager
        if locks is not None and locks.is_locked(key) and not locks.is_lock_holder(key, holder):
            raise RuntimeError(
                f"Cannot write to result record with key {key} because it is locked by "
                "another holder."
            )
        storage = self._storage()
        if self.metadata_storage is None:
            call_sync(storage.write_path, place, content=result_record.serialize())
        else:
            # What is known comes last: whoever finds it finds the result as well.
            call_sync(storage.write_path, place, content=result_record.serialize_result())
            known = result_record.serialize_metadata()
            call_sync(self.metadata_storage.write_path, key, content=known)
        result_record.mark_persisted()
        self._remember(place, result_record)

    async def apersist_result_record(
        self, result_record: ResultRecord[Any], holder: str | None = None
    ) -> None:
        """As `persist_result_record`, without holding up the event loop."""
        holder = holder or self.generate_default_holder()
        await run_sync_in_worker_thread(self.persist_result_record, result_record, holder)

    def _storage(self) -> WritableFileSystem:
        if self.result_storage is None:
            self.result_storage = get_default_result_storage()
        return self.result_storage

    def place(self, key: str) -> str:
        """Where `key` leads: a whole path, unless the storage is a saved block.

        Raises:
            ValueError: it leads out of the storage.
        """
        resolve = getattr(self._storage(), "_resolve_path", None)
        if resolve is None or self.result_storage_block_id is not None:
            return key
        return str(resolve(key))

    def _key_of(self, place: str) -> str:
        """The key that leads to `place`."""
        base = self.place("")
        return place[len(base) :].lstrip("/") if base and place.startswith(base) else place

    def _remember(self, place: str, record: ResultRecord[Any]) -> None:
        if not self.cache_result_in_memory:
            return
        self.cache[place] = record
        while len(self.cache) > _REMEMBERED:
            self.cache.popitem(last=False)

    @staticmethod
    def generate_default_holder() -> str:
        """A name for whoever calls this: the machine, process, thread and coroutine."""
        thread = threading.current_thread()
        name = f"{socket.gethostname()}:{os.getpid()}:{thread.ident}:{thread.name}"
        asyncio = sys.modules.get("asyncio")
        if asyncio is None or asyncio._get_running_loop() is None:
            return name
        return f"{name}:{id(asyncio.current_task())}"

    def supports_isolation_level(self, level: IsolationLevel) -> bool:
        """Whether transactions of that level can be made with this store.

        Raises:
            ValueError: there is no such level.
        """
        if level.name == "READ_COMMITTED":
            return True
        if level.name == "SERIALIZABLE":
            return self.lock_manager is not None
        raise ValueError(f"Unsupported isolation level: {level}")

    def acquire_lock(
        self, key: str, holder: str | None = None, timeout: float | None = None
    ) -> bool:
        """Wait until `key` is free and lock it, within `timeout` seconds.

        Returns:
            Whether it was locked.

        Raises:
            ConfigurationError: the store has no lock manager.
        """
        return self._locks().acquire_lock(key, holder or self.generate_default_holder(), timeout)

    async def aacquire_lock(
        self, key: str, holder: str | None = None, timeout: float | None = None
    ) -> bool:
        """As `acquire_lock`, without holding up the event loop."""
        holder = holder or self.generate_default_holder()
        return await self._locks().aacquire_lock(key, holder, timeout)

    def release_lock(self, key: str, holder: str | None = None) -> None:
        """Unlock `key`.

        Raises:
            ConfigurationError: the store has no lock manager.
            ValueError: `holder` has not locked it.
        """
        self._locks().release_lock(key, holder or self.generate_default_holder())

    def is_locked(self, key: str) -> bool:
        """Whether `key` is locked."""
        return self._locks().is_locked(key)

    def is_lock_holder(self, key: str, holder: str | None = None) -> bool:
        """Whether `holder` has locked `key`."""
        return self._locks().is_lock_holder(key, holder or self.generate_default_holder())

    def wait_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """Wait until `key` is free; False if it was not within `timeout` seconds."""
        return self._locks().wait_for_lock(key, timeout)

    async def await_for_lock(self, key: str, timeout: float | None = None) -> bool:
        """As `wait_for_lock`, without holding up the event loop."""
        return await self._locks().await_for_lock(key, timeout)

    def _locks(self) -> LockManager:
        if self.lock_manager is None:
            raise ConfigurationError(
                "Result store is not configured with a lock manager. Please set"
                " a lock manager when creating the result store to enable locking."
            )
        return self.lock_manager


def _new_key() -> str:
    return uuid4().hex


def _now() -> datetime.datetime:
    return datetime.datetime.fromtimestamp(current_clock().now() / 1e6, datetime.UTC)


def read_kept(reference: str) -> object:
    """The result that a reference (`ResultRecordMetadata.as_reference`) leads to.

    Raises:
        UnserializableResult: there was to be one, and it could not be written.
        Exception: it cannot be read: the storage or the serializer says why.
    """
    told = msgspec.json.decode(reference)
    if "unserializable" in told:
        raise UnserializableResult(told["unserializable"])
    kept = ResultRecordMetadata.from_dict(told)
    place = kept.storage_key or ""
    folder: str | UUID | None = kept.storage_block_id
    if folder is None:
        folder, _, place = place.rpartition("/")
    content = call_sync(resolve_result_storage(folder).read_path, place)
    record: ResultRecord[object] = ResultRecord.deserialize(content, kept.serializer)
    return record.result


def get_result_store() -> ResultStore:
    """The store of the run that this code runs in; outside of runs, one as the settings say."""
    return store_of(CURRENT_RUN.get())


def store_of(run: LiveRun | None) -> ResultStore:
    """Where the results of a run are kept: as it says, or as the run around it does."""
    if run is None:
        return ResultStore()
    if isinstance(run, LiveTaskRun):
        if run.store is None:
            run.store = store_of(run.caller).update_for_task(run.task)
        return run.store
    if run.store is None:
        outer = store_of(run.parent_task_run or run.parent)
        run.store = outer.update_for_flow(run.flow)
    return run.store


def get_default_result_serializer() -> Serializer[Any]:
    """The serializer that the settings name."""
    return resolve_serializer(current_settings().results_default_serializer)


def get_default_persist_setting() -> bool:
    """Whether results are kept where neither flow nor task says so."""
    return current_settings().results_persist_by_default


def get_default_persist_setting_for_tasks() -> bool:
    """The same for tasks."""
    settings = current_settings()
    own = settings.tasks_default_persist_result
    return settings.results_persist_by_default if own is None else own


def should_persist_result() -> bool:
    """Whether the result of the run that this code runs in is kept; elsewhere, the setting."""
    run = CURRENT_RUN.get()
    return get_default_persist_setting() if run is None else run.persist_result
