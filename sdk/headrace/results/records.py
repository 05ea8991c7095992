"""One kept result: the value, and what is known about it."""

from __future__ import annotations

import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

import headrace
from headrace.exceptions import SerializationError, UnserializableResult
from headrace.serializers import PickleSerializer, Serializer
from headrace.text import describe_error

R = TypeVar("R")


class ResultRecordMetadata:
    """What is known about a kept result.

    Args:
        storage_key: where it stands in its storage.
        expiration: until when it counts; None is for good.
        serializer: what reads it.
        storage_block_id: the saved block that is its storage, if one is.
        task: which task it is of, if it is one's.
    """

    def __init__(
        self,
        storage_key: str | None = None,
        expiration: datetime.datetime | None = None,
        serializer: Serializer[Any] | None = None,
        headrace_version: str = headrace.__version__,
        storage_block_id: UUID | None = None,
        task: str | None = None,
    ) -> None:
        self.storage_key = storage_key
        self.expiration = expiration
        self.serializer = serializer or PickleSerializer()
        self.headrace_version = headrace_version
        self.storage_block_id = storage_block_id
        self.task = task

    def counts_at(self, now: datetime.datetime) -> bool:
        """Whether the result has not expired."""
        return self.expiration is None or self.expiration > now

    def as_reference(self) -> str:
        """What it takes to read the result from elsewhere, as JSON; see `load_bytes`."""
        block = self.storage_block_id
        reference = {
            "storage_key": self.storage_key,
            "serializer": self.serializer.model_dump(exclude_none=True),
            **({} if block is None else {"storage_block_id": block}),
        }
        return msgspec.json.encode(reference).decode()

    def dump_bytes(self) -> bytes:
        """As JSON."""
        return msgspec.json.encode(self.as_dict())

    @classmethod
    def load_bytes(cls, data: bytes) -> ResultRecordMetadata:
        """What `dump_bytes` has written.

        Raises:
            ValueError: it is none.
        """
        return cls.from_dict(msgspec.json.decode(data))

    def as_dict(self) -> dict[str, Any]:
        """As plain values, for JSON."""
        return {**vars(self), "serializer": self.serializer.model_dump()}

    @classmethod
    def from_dict(cls, values: Any) -> ResultRecordMetadata:
        """From what `as_dict` gave, once read back.

        Raises:
            ValueError: these are no such values.
        """
        try:
            known = {name: values[name] for name in values if name in _NAMES}
            known["serializer"] = Serializer(**known["serializer"])
            if known.get("expiration") is not None:
                known["expiration"] = datetime.datetime.fromisoformat(known["expiration"])
            if known.get("storage_block_id") is not None:
                known["storage_block_id"] = UUID(known["storage_block_id"])
            return cls(**known)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the record of a result: {describe_error(error)}") from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResultRecordMetadata) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __repr__(self) -> str:
        return f"ResultRecordMetadata({_fields(self)})"


_NAMES = frozenset(vars(ResultRecordMetadata()))


class ResultRecord(Generic[R]):
    """A result with what is known about it.

    Args:
        metadata: what is known.
        result: the result itself.
        owner: what messages call the run that it is of, if it is one's.
    """

    def __init__(self, metadata: ResultRecordMetadata, result: R, owner: str | None = None) -> None:
        self.metadata = metadata
        self.result = result
        self.owner = owner
        self._persisted = False
        self._written: bytes | None = None

    @property
    def expiration(self) -> datetime.datetime | None:
        """Until when it counts; None is for good."""
        return self.metadata.expiration

    @property
    def serializer(self) -> Serializer[R]:
        """What reads and writes it."""
        return self.metadata.serializer

    @property
    def is_persisted(self) -> bool:
        """Whether it stands in a storage."""
        return self._persisted

    def mark_persisted(self) -> None:
        """It stands in a storage from now on."""
        self._persisted = True

    def prepare(self, apart: bool) -> None:
        """Serialize the value now, so that it is known before it is kept whether that is possible.

        Args:
            apart: whether it will stand alone, apart from what is known about it.

        Raises:
            SerializationError: the serializer cannot.
        """
        written = self.serialize_result()
        if not apart:
            self._as_text(written)
        self._written = written

    def serialize_result(self) -> bytes:
        """The value alone.

        Raises:
            SerializationError: the serializer cannot; UnserializableResult for a run's result.
        """
        written, self._written = self._written, None
        try:
            return self.serializer.dumps(self.result) if written is None else written
        except Exception as error:  # it runs the code of any class
            raise self._unwritable(error) from error

    def _as_text(self, written: bytes) -> str:
        try:
            return written.decode()
        except UnicodeDecodeError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, reason: Exception) -> SerializationError:
        kind, serializer = type(self.result).__name__, self.serializer.type
        if self.owner is None:
            return SerializationError(
                f"Failed to serialize object of type {kind!r} with serializer {serializer!r}. "
                'You can try a different serializer (e.g. result_serializer="json") or disabling '
                "persistence (persist_result=False) for this flow or task."
            )
        other = "pickle" if "json" in serializer else "json"
        return UnserializableResult(
            f"{self.owner}: the result, of type {kind!r}, cannot be written by the serializer "
            f"{serializer!r} ({describe_error(reason)}). Return something that can be, choose "
            f'another serializer (such as result_serializer="{other}"), or do not keep the result '
            "(persist_result=False)."
        )

    def serialize_metadata(self) -> bytes:
        """What is known about it, alone."""
        return self.metadata.dump_bytes()

    def serialize(self) -> bytes:
        """All of it.

        Raises:
            SerializationError: the serializer cannot, or what it makes is not text.
        """
        text = self._as_text(self.serialize_result())
        return msgspec.json.encode({"metadata": self.metadata.as_dict(), "result": text})

    @classmethod
    def deserialize(
        cls, data: bytes, backup_serializer: Serializer[Any] | None = None
    ) -> ResultRecord[Any]:
        """What `serialize` has written.

        Args:
            data: all of it.
            backup_serializer: reads what is no record, but a value alone.

        Raises:
            ValueError: it is none.
            Exception: what reading the value raises.
        """
        try:
            metadata, text = split_record(data)
        except ValueError:
            if backup_serializer is None:
                raise
            metadata = ResultRecordMetadata(serializer=backup_serializer)
            return cls(metadata, backup_serializer.loads(data))
        return cls(metadata, metadata.serializer.loads(text.encode()))

    @classmethod
    def deserialize_from_result_and_metadata(
        cls, result: bytes, metadata: bytes
    ) -> ResultRecord[Any]:
        """From the two parts, when they are kept apart."""
        known = ResultRecordMetadata.load_bytes(metadata)
        return cls(known, known.serializer.loads(result))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, ResultRecord)
            and self.metadata == other.metadata
            and bool(self.result == other.result)
        )

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def __repr__(self) -> str:
        return f"ResultRecord(metadata={self.metadata!r}, result={self.result!r})"


def reference_to_nothing(error: Exception | None) -> str | None:
    """What stands in a reference's place for a result that could not be serialized: why.

    See `read_kept`. Other errors of storages leave nothing.
    """
    if not isinstance(error, UnserializableResult):
        return None
    return msgspec.json.encode({"unserializable": str(error)}).decode()


def split_record(data: bytes) -> tuple[ResultRecordMetadata, str]:
    """What is known about a kept result, and its value as text, not read yet.

    Raises:
        ValueError: this is no record of a result.
    """
    try:
        record = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise ValueError(f"not the record of a result: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("result"), str):
        raise ValueError("not the record of a result: it has no result")
    return ResultRecordMetadata.from_dict(record.get("metadata")), record["result"]


def _fields(value: object) -> str:
    return ", ".join(f"{name}={field!r}" for name, field in vars(value).items())
