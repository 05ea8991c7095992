"""The transport to a service: one GraphQL mutation over a kept-alive HTTP connection."""

from __future__ import annotations

import socket
from time import monotonic
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from headrace.endpoints import addresses_of, http_options, refuse_older_service
from headrace.exceptions import AccessDenied, ServiceUnreachable
from headrace.recorder.transport import (
    NotGiven,
    StreamGap,
    TransportAway,
    TransportRefused,
    TransportStumbled,
)
from headrace.records import (
    BatchAck,
    ClaimLoss,
    ProcessInfo,
    RefusedRecord,
    RunClaim,
    StateType,
)

if TYPE_CHECKING:
    import httpx

#: Seconds until a connection stands, and until the service has said who it is.
CONNECT_TIMEOUT = 2.0
#: Seconds until a batch is answered: at first, and at most. A service that hangs is noticed soon;
#: one that is slow has twice as long as it took, or did not answer in, for the next.
ANSWER_TIMEOUT = (3.0, 12.0)

#: The codes of errors that tell of missing rights.
DENIED = ("UNAUTHENTICATED", "FORBIDDEN")

#: The code of the error of a service whose ledger cannot be asked just now.
UNUSABLE = "LedgerUnusable"

_HANDSHAKE = b'{"query":"query Handshake { serverInfo { wireVersion version scope } }"}'
_MUTATION = (
    "mutation Record($batch: RecordBatch!) { record(batch: $batch) { __typename "
    "... on RecordAck { number accepted duplicate lost cancelling "
    "refused { index code message field } } "
    "... on OutOfOrder { message expected } "
    "... on InvalidInput { code message field } } }"
)
# What stands before and after a batch, so that the batch is not encoded a second time.
_BEFORE = b'{"query":' + msgspec.json.encode(_MUTATION) + b',"variables":{"batch":'
_AFTER = b"}}"


_BEGIN = (
    "mutation Begin($input: BeginInput!) { beginFlowRun(input: $input) { __typename "
    "... on Begun { state } ... on UserError { message } } }"
)


class _Ack(msgspec.Struct, tag_field="__typename", tag="RecordAck"):
    number: int
    accepted: int
    duplicate: bool
    lost: ClaimLoss | None
    cancelling: list[UUID]
    refused: list[RefusedRecord]


class _OutOfOrder(msgspec.Struct, tag_field="__typename", tag="OutOfOrder"):
    message: str
    expected: int


class _InvalidInput(msgspec.Struct, tag_field="__typename", tag="InvalidInput"):
    code: str
    message: str
    field: str | None = None


class _Record(msgspec.Struct):
    record: _Ack | _OutOfOrder | _InvalidInput


class _Extensions(msgspec.Struct, frozen=True):
    code: str = ""


class _Error(msgspec.Struct):
    message: str
    extensions: _Extensions = _Extensions()


class _Answer(msgspec.Struct):
    data: _Record | None = None
    errors: list[_Error] = []


class _Begun(msgspec.Struct):
    state: StateType | None = None
    message: str = ""


class _Begin(msgspec.Struct, rename="camel"):
    begin_flow_run: _Begun


class _BeginAnswer(msgspec.Struct):
    data: _Begin | None = None
    errors: list[_Error] = []


class _ServerInfo(msgspec.Struct, rename="camel"):
    wire_version: int
    version: str
    scope: str = "ADMIN"  # what we may do there


class _Info(msgspec.Struct, rename="camel"):
    server_info: _ServerInfo


class _Handshake(msgspec.Struct):
    data: _Info | None = None
    errors: list[_Error] = []


_handshake = msgspec.json.Decoder(_Handshake).decode
_answer = msgspec.json.Decoder(_Answer).decode
_begun = msgspec.json.Decoder(_BeginAnswer).decode


class HttpTransport:
    """Posts batches to a headrace service.

    Args:
        api_url: the service's root address, such as `http://127.0.0.1:4200`, or several with commas
            between.
        token: what the service is to know us by, if by anything.
    """

    #: Refused however often it is sent: malformed, too large, of the wrong kind.
    _REFUSALS: ClassVar = frozenset({400, 413, 415, 422})

    #: What a service or the proxy before it answers while it starts or is down.
    _PASSING: ClassVar = frozenset({500, 502, 503, 504})

    def __init__(self, api_url: str, token: str | None = None) -> None:
        self._target = api_url
        self._addresses = addresses_of(api_url)
        self._url = self._addresses.current  # where it was asked last
        self._token = token
        self._patience, self._most_patience = ANSWER_TIMEOUT
        self._clients: dict[str, httpx.Client] = {}

    @property
    def target(self) -> str:
        """The service's address, or addresses."""
        return self._target

    def connect(self) -> None:
        """Ask for the version, at one address after another; see `Transport.connect`."""
        for _ in self._addresses.all[1:]:
            try:
                self._greet()
            except (TransportAway, ServiceUnreachable):
                self._addresses.move_on(self._url)
            else:
                return
        self._greet()

    def _greet(self) -> None:
        response = self._post(_HANDSHAKE, CONNECT_TIMEOUT)
        try:
            answer = _handshake(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            answer = _Handshake()
        if answer.errors and answer.errors[0].extensions.code == UNUSABLE:
            raise self._failed(answer.errors)
        if response.status_code in self._PASSING:
            raise self._away(f"it answers HTTP {response.status_code}", answers=True)
        if answer.errors and answer.errors[0].extensions.code in DENIED:
            raise AccessDenied(f"the service at {self._url} says: {answer.errors[0].message}")
        if answer.data is None:
            kind = response.headers.get("content-type", "no content type").split(";")[0]
            told = f": {answer.errors[0].message}" if answer.errors else ""
            raise ServiceUnreachable(
                f"what answers at {self._url} is no headrace service, or a broken one "
                f"(HTTP {response.status_code}, {kind}{told}); check HEADRACE_API_URL"
            )
        info = answer.data.server_info
        if info.scope == "READ":
            raise AccessDenied(
                f"the token in HEADRACE_API_TOKEN may only read at {self._url}, and so cannot "
                "record runs; use one that has the scope run"
            )
        refuse_older_service(self._url, info.version, info.wire_version)

    def send(self, payload: bytes) -> BatchAck:
        """Post a batch; see `Transport.send`."""
        began = monotonic()
        response = self._post(_BEFORE + payload + _AFTER, self._patience)
        # One that took its time may take it again: to be sent a batch twice makes it no quicker.
        least, most = ANSWER_TIMEOUT
        self._patience = max(least, min(most, 2 * (monotonic() - began)))
        if response.status_code in self._REFUSALS:
            raise TransportRefused(f"HTTP {response.status_code}: {response.text[:200]}")
        try:
            answer = _answer(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # A proxy's error page, another program on the port: not for ever, it may be hoped.
            raise self._away(f"it answers HTTP {response.status_code}", answers=True) from None
        if answer.data is None:
            raise self._failed(answer.errors)
        match answer.data.record:
            case _OutOfOrder(message, expected):
                raise StreamGap(message, expected)
            case _InvalidInput(code, message, field):
                raise TransportRefused(f"{message} ({field})" if field else message, code)
            case _Ack(number, accepted, duplicate, lost, cancelling, refused):
                return BatchAck(number, accepted, refused, duplicate, lost, cancelling)

    def begin(self, claim: RunClaim, client_id: UUID, process: ProcessInfo) -> StateType:
        """Ask the service for a claimed run; see `Transport.begin`."""
        wanted = {
            "id": claim.flow_run_id,
            "epoch": claim.epoch,
            "clientId": client_id,
            "host": process.host,
            "pid": process.pid,
            "identity": process.identity,
            "leaseSeconds": process.lease_seconds,
        }
        body = msgspec.json.encode({"query": _BEGIN, "variables": {"input": wanted}})
        response = self._post(body, self._most_patience)
        try:
            answer = _begun(response.content)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._away(f"it answers HTTP {response.status_code}", answers=True) from None
        if answer.data is None:
            error = answer.errors[0] if answer.errors else _Error("nothing")
            if error.extensions.code in DENIED:
                raise AccessDenied(f"the service at {self._url} says: {error.message}")
            raise self._failed(answer.errors)
        begun = answer.data.begin_flow_run
        if begun.state is None:
            raise NotGiven(begun.message)
        return begun.state

    def close(self) -> None:
        """Close the connection."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def _post(self, body: bytes, timeout: float) -> httpx.Response:
        from headrace.web import httpx  # 100 ms that an embedded recorder does not pay

        url = self._url = self._addresses.current
        try:
            if url not in self._clients:
                limits = httpx.Limits(max_connections=1, keepalive_expiry=60.0)
                self._clients[url] = httpx.Client(limits=limits, **http_options(url, self._token))
            return self._clients[url].post(
                f"{url}/graphql",
                content=body,
                timeout=httpx.Timeout(timeout, connect=CONNECT_TIMEOUT),
            )
        except httpx.TransportError as error:
            if _is_unknown_host(error):
                raise ServiceUnreachable(
                    f"there is no host {urlsplit(url).hostname!r}; check HEADRACE_API_URL"
                ) from None
            if isinstance(error, httpx.ReadTimeout):
                self._patience = min(self._most_patience, 2 * self._patience)
                raise self._away(f"no answer within {timeout:g} s") from None
            raise self._away(str(error) or type(error).__name__) from None
        except (httpx.InvalidURL, ValueError) as error:
            raise ServiceUnreachable(
                f"{url} is no usable address ({error}); check HEADRACE_API_URL"
            ) from None

    def _failed(self, errors: list[_Error]) -> TransportAway:
        """What an answer means that has errors alone, and may be another one later."""
        error = errors[0] if errors else _Error("nothing")
        if error.extensions.code == "InternalError":
            return TransportStumbled(error.message, answers=True)
        told = "the service's database is away" if error.extensions.code == UNUSABLE else "it says"
        return self._away(f"{told}: {error.message}", answers=True)

    def _away(self, reason: str, *, answers: bool = False) -> TransportAway:
        """The address that was asked is not there, or cannot just now; the next try is elsewhere.

        A batch is not brought there at once: whether that service knows batches like it is asked
        first.
        """
        self._addresses.move_on(self._url)
        return TransportAway(reason, answers=answers)


def _is_unknown_host(error: BaseException | None) -> bool:
    """Whether the name was looked up, and the answer is that there is none."""
    while error is not None:
        if isinstance(error, socket.gaierror):
            return error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None))
        error = error.__cause__ or error.__context__
    return False
