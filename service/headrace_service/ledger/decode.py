"""From plain values to a batch of records: what is malformed is refused item by item.

The whole batch is converted in one call, which is what happens to batches of our own SDK. Only
when that fails is it taken apart, to keep what is sound and to say of the rest what is wrong.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sized
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from headrace.records import Record, RecordBatch, RefusedRecord, read_at_once
from headrace_service.ledger.errors import InvalidBatch, InvalidInput

#: More records than this in one batch are refused: a batch is one transaction.
MAX_RECORDS = 10_000

#: Whose the runs are that no process has taken up.
NOBODY = UUID(int=0)

_PATH = re.compile(r" - at `\$\.?([^`]*)`")


T = TypeVar("T", bound=msgspec.Struct)

#: Held while a verb's request is read: see `read_at_once`, which would be for all their types here.
_reading = threading.Lock()


class _Envelope(msgspec.Struct):
    client_id: Any
    number: Any
    records: list[Any]
    process: Any = None
    replayed: Any = False
    claim: Any = None


read_at_once(_Envelope)


class DecodedBatch(msgspec.Struct):
    """A batch's sound records, each with its place in the batch, and the refusals of the rest."""

    batch: RecordBatch
    indexes: list[int] | None  #: None when nothing was refused: a record's index is its own
    refused: list[RefusedRecord]


def decode_batch(value: object) -> DecodedBatch:
    """The batch that `value` stands for.

    Args:
        value: a batch as JSON bytes, or as the plain values that JSON makes.

    Raises:
        InvalidBatch: the envelope is wrong, so that not even the stream is known.
    """
    try:
        if isinstance(value, bytes):
            batch = msgspec.json.decode(value, type=RecordBatch)
        else:
            batch = msgspec.convert(value, RecordBatch)
    except msgspec.ValidationError:
        return _decode_piecewise(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidBatch(f"not valid JSON: {error}") from None
    _check(batch.client_id, batch.records)
    return DecodedBatch(batch, None, [])


def _check(client_id: UUID, records: Sized) -> None:
    if client_id == NOBODY:
        raise InvalidBatch(f"{NOBODY} is nobody's stream", "client_id")
    if len(records) > MAX_RECORDS:
        raise InvalidBatch(f"more than {MAX_RECORDS} records in one batch", "records")


def checked(asked: T) -> T:
    """What a verb is asked for, once its values are of the length and size that their types say.

    Raises:
        InvalidInput: one is not; `field` is its path, as GraphQL writes it.
    """
    try:
        plain = msgspec.to_builtins(asked)
        with _reading:
            return msgspec.convert(plain, type(asked))
    except msgspec.ValidationError as error:
        message, field = _split(error)
        if field is None:
            raise InvalidInput(message) from None
        field = re.sub("_([a-z])", lambda found: found[1].upper(), field)
        raise InvalidInput(f"{field}: {message}", field) from None
    except UnicodeEncodeError:
        raise InvalidInput("a text has characters that UTF-8 cannot encode") from None


def _decode_piecewise(value: object) -> DecodedBatch:
    try:
        plain = msgspec.json.decode(value) if isinstance(value, bytes) else value
        envelope = msgspec.convert(plain, _Envelope)
        empty = msgspec.convert(
            {
                "client_id": envelope.client_id,
                "number": envelope.number,
                "records": [],
                "process": envelope.process,
                "replayed": envelope.replayed,
                "claim": envelope.claim,
            },
            RecordBatch,
        )
    except msgspec.ValidationError as error:
        message, field = _split(error)
        raise InvalidBatch(message, field) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidBatch(f"not valid JSON: {error}") from None
    _check(empty.client_id, envelope.records)
    records: list[Record] = []
    indexes: list[int] = []
    refused: list[RefusedRecord] = []
    for index, item in enumerate(envelope.records):
        try:
            records.append(msgspec.convert(item, Record))
            indexes.append(index)
        except msgspec.ValidationError as error:
            message, field = _split(error)
            refused.append(RefusedRecord(index, "InvalidInput", message, field or _guess(item)))
    batch = msgspec.structs.replace(empty, records=records)
    return DecodedBatch(batch, indexes, refused)


def _split(error: msgspec.ValidationError) -> tuple[str, str | None]:
    """msgspec's message without its path, and the path."""
    text = str(error)
    found = _PATH.search(text)
    if found is None:
        return text, None
    return _PATH.sub("", text), found[1] or None


def _guess(item: object) -> str | None:
    """Where to look when msgspec names no path: the only such errors are about the kind."""
    return "kind" if isinstance(item, Mapping) else None
