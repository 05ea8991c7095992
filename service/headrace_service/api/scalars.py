"""The scalars of the schema, and how each is read and written.

Inside the service a time is a whole number of microseconds since 1970 UTC; only the `DateTime`
scalar makes text of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NewType

import msgspec
import strawberry
from strawberry.types.scalar import ScalarDefinition

from headrace_service.api.errors import InputError
from headrace_service.ledger.errors import InvalidInput

#: Microseconds since 1970-01-01 UTC.
DateTime = NewType("DateTime", int)
#: Opaque text that stands for a place in a list or in a feed.
Cursor = NewType("Cursor", str)
#: Any JSON value.
JSON = NewType("JSON", object)
#: A batch of records as JSON bytes, or as the plain values that JSON makes.
RecordBatchValue = NewType("RecordBatchValue", object)
#: What a process asks about slots, as JSON bytes or as the plain values that JSON makes.
SlotExchangeValue = NewType("SlotExchangeValue", object)
#: What it is answered, as plain values.
SlotNewsValue = NewType("SlotNewsValue", object)

#: Bytes of one JSON value that is given.
MAX_JSON = 16 * 1024 * 1024

_EPOCH = datetime(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_LAST = (datetime.max - _EPOCH) // _MICROSECOND


def format_time(micros: int) -> str:
    """A time as ISO-8601 text in UTC, with microseconds; past the year 9999, as its end."""
    moment = _EPOCH + timedelta(microseconds=min(micros, _LAST))
    return moment.isoformat(timespec="microseconds") + "Z"


def parse_time(text: object) -> int:
    """The microseconds since 1970 UTC of an ISO-8601 text; without an offset it is in UTC.

    Raises:
        InputError: it is no such text.
    """
    if isinstance(text, str):
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                moment = moment.astimezone(UTC).replace(tzinfo=None)
        except (ValueError, OverflowError):  # no time, or in UTC before the year 1
            pass
        else:
            return (moment - _EPOCH) // _MICROSECOND
    raise InputError("DateTime is ISO-8601 text, such as 2026-05-01T12:30:00Z.")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise InputError("Cursor is a text that an earlier answer gave.")


def _json(value: object) -> object:
    """A JSON value, of a size and depth that can be stored."""
    try:
        size = len(msgspec.json.encode(value))
    except (UnicodeEncodeError, RecursionError):
        raise InputError("JSON has text that is not UTF-8, or is nested too deep.") from None
    if size > MAX_JSON:
        raise InputError(f"JSON takes {size} bytes, at most {MAX_JSON}.")
    return value


def _raw(value: object) -> object:
    return bytes(value) if isinstance(value, msgspec.Raw) else value


def _same(value: Any) -> Any:
    return value


#: Seconds that a stretch of time may have: 10,000 years.
MAX_SECONDS = 3.2e11


def micros_of(seconds: float | None, field: str) -> int | None:
    """A stretch of time in microseconds.

    Raises:
        InputError: it is longer than any.
    """
    if seconds is not None and not abs(seconds) <= MAX_SECONDS:
        raise InputError(f"{field}: {seconds} is no number of seconds", field)
    return None if seconds is None else round(seconds * 1_000_000)


def object_of(value: JSON | None, field: str) -> dict[str, object]:
    """A JSON object that was given as `field`; nothing is an empty one.

    Raises:
        InvalidInput: it is no object.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInput(f"{field} is a JSON object, of values by name", field)
    return value


_BATCH = """\
A stretch of one client's stream of records, as a JSON object:
`{"client_id": UUID, "number": Int, "records": [Record]}`. A client is one process; `number` counts
its batches from 1 without a hole. A batch that was taken before is acknowledged and changes
nothing. While the client has runs that have not ended, `process` tells what they depend on:
`{"host": String, "pid": Int, "identity": String, "lease_seconds": Number}`. When no batch, be it
one without records, has come for so many seconds, those runs are CRASHED. `replayed`
(Boolean) tells that the process has ended and somebody else sends what it left: that corrects such
a CRASHED. `claim`, `{"flow_run_id": UUID, "epoch": Int}`, names the claimed run that the process
was started for: once that was claimed anew, nothing of the batch is taken.

A Record is an object whose `kind` says what it tells:

* `flow_run`: a flow run exists. `id`, `flow_name`, `name`, `state`; optional `flow_version`,
  `parameters` (object), `tags` ([String]), `parent_flow_run_id`, `parent_task_run_id`.
* `task_run`: a task run exists. `id`, `task_name`, `name`, `state`; optional `flow_run_id`,
  `tags` ([String]), `inputs` (object: parameter to list of run ids).
* `flow_run_state`, `task_run_state`: a run enters a state. `id`, `state`; of a flow run that a
  worker claimed also `epoch`, the number of the claim.
* `log`: a log line. `timestamp`, `level` (20 is INFO), `logger`, `message`; optional
  `flow_run_id`, `task_run_id`.
* `event`: a user's program tells of something. `id`, `timestamp`, `name`, `resource` (labels by
  name); optional `related` (a list of such), `payload` (object), `flow_run_id`.

A `state` is `{"type": StateType, "name": String, "timestamp": Int}` with optional `message`,
`run_count` (the attempt: 0 before the first) and `result` (String: where it is kept). Ids are
UUIDs; every `timestamp` is a whole number of microseconds since 1970-01-01 UTC."""

_EXCHANGE = """\
What the threads of one process ask about slots, all at once: a JSON object of which every field is
optional. It is done in this order, in one step:

* `release`: ids of leases that are to be given back, or for which nobody waits any more.
* `renew`: `{"lease_id": UUID, "seconds": Number}` of each lease that is to last longer.
* `acquire`: requests for slots. `lease_id` (that the caller makes: to ask again under it is safe),
  `names` ([String]), `holder` (`{"host": String, "pid": Int}`, optional `flow_run_id`,
  `task_run_id`, `identity`); optional `occupy`, `lease_seconds`, `wait` (Boolean: take a place in
  line), `rate_limited`, `client_id`, `key`, `priority`. They mean what they mean in
  `SlotRequestInput`.
* `waiting`: ids of leases that were asked for earlier, and wait.
* `wait_seconds`: when there is nothing but `waiting`, the answer comes as soon as there is
  something to tell of one of them, or after so many seconds, at most 30. Who waits is to be named
  at least every 10 s."""

_NEWS = """\
The answer to a `SlotExchange`, a JSON object of which every field is optional:

* `answers`: by lease, what became of a request: `granted` (Boolean), `limits` (the names of those
  that exist), `leased` (Boolean: it is to be renewed and released), `refused` (String: why the
  slots never will be had). A request of which nothing is said waits.
* `unknown`: leases of `waiting` of which nothing is known here: ask for them anew.
* `released`: those leases of `release` that had slots, or a place in line, when they were given
  back first. `lost`: those of `renew` that have ended.
* `service`: who answers. Another one does not remember what was given back to it."""

SCALARS: dict[object, ScalarDefinition] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A moment as ISO-8601 text in UTC with microseconds, such as "
        "`2026-05-01T12:30:00.000000Z`. As input any offset is taken; none means UTC.",
        serialize=format_time,
        parse_value=parse_time,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description="A place in a list or in a feed. Opaque: pass on what an answer gave.",
        serialize=_same,
        parse_value=_text,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value, of at most 16 MiB.",
        serialize=_same,
        parse_value=_json,
    ),
    RecordBatchValue: strawberry.scalar(
        name="RecordBatch", description=_BATCH, serialize=_same, parse_value=_raw
    ),
    SlotExchangeValue: strawberry.scalar(
        name="SlotExchange", description=_EXCHANGE, serialize=_same, parse_value=_raw
    ),
    SlotNewsValue: strawberry.scalar(
        name="SlotNews", description=_NEWS, serialize=msgspec.to_builtins, parse_value=_same
    ),
}
