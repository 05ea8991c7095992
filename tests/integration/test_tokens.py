"""Who may do what: a service that knows its callers by their tokens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import peewee
import pytest
import uuid_utils.compat as uuids
from click.testing import CliRunner
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from headrace.cli.token import command as token_command
from headrace.client import AsyncClient, Client
from headrace.exceptions import AccessDenied, ServiceError
from headrace.recorder.http import HttpTransport
from headrace.records import EventEmitted, now_micros
from headrace.settings import get_settings, temporary_settings
from headrace_service.api import authentication
from headrace_service.api.authentication import FRESH, OWNER, Caller, Denials, Gate
from headrace_service.api.context import Context
from headrace_service.api.errors import Unauthenticated
from headrace_service.api.schema import schema
from headrace_service.ledger import Ledger
from headrace_service.ledger.automations import (
    NewAutomation,
    create_automation,
    update_automation,
)
from headrace_service.ledger.models import Automation
from headrace_service.ledger.queries.custom_events import page_of_events
from headrace_service.ledger.queries.paging import Page
from headrace_service.ledger.tokens import (
    Scope,
    TokenRow,
    create_token,
    new_secret,
    revoke_token,
    tokens,
)
from headrace_service.reach import Auth, Reach
from headrace_service.server import NoToken, RunningService, insist_on_token, start_in_thread
from headrace_service.settings import ServiceSettings
from tests.builders import Stream
from tests.integration.graphql_kit import Socket, open_socket
from tests.recorder_kit import PATIENCE, until

INFO = "{ serverInfo { version scope } }"
SET = 'mutation { setVariable(name: "a", value: 1, overwrite: true) { __typename } }'
DELETE = 'mutation { deleteWorkPool(name: "none") { __typename } }'
LOGS = "subscription { logs { lines { message } } }"


def make(ledger: Ledger, name: str, scope: Scope = Scope.ADMIN, **more: Any) -> str:
    """A token's secret."""
    secret = new_secret()
    ledger.write(create_token, name, scope, secret, **more).result()
    return secret


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    path = tmp_path_factory.mktemp("tokens") / "ledger.db"
    with start_in_thread(path, ServiceSettings(auth="required")) as running:
        yield running


@pytest.fixture(scope="module")
def secrets(service: RunningService) -> dict[Scope, str]:
    return {scope: make(service.ledger, f"the {scope.value} one", scope) for scope in Scope}


def ask(service: RunningService, query: str, secret: str | None = None) -> tuple[int, str]:
    """The HTTP status, and the first error's code, if any."""
    headers = {} if secret is None else {"Authorization": f"Bearer {secret}"}
    answer = httpx.post(f"{service.url}/graphql", json={"query": query}, headers=headers)
    errors = answer.json().get("errors", [])
    return answer.status_code, errors[0]["extensions"]["code"] if errors else ""


def test_a_subscription_by_get_says_who_asks(
    service: RunningService, secrets: dict[Scope, str]
) -> None:
    url, accept = f"{service.url}/graphql", {"Accept": "text/event-stream"}
    assert httpx.get(url, params={"query": LOGS}, headers=accept).status_code == 401
    known = accept | {"Authorization": f"Bearer {secrets[Scope.READ]}"}
    with httpx.stream("GET", url, params={"query": LOGS}, headers=known) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize(
    ("query", "needed"), [(INFO, Scope.READ), (SET, Scope.RUN), (DELETE, Scope.ADMIN)]
)
def test_a_scope_allows_what_it_covers(
    service: RunningService, secrets: dict[Scope, str], query: str, needed: Scope
) -> None:
    for scope, secret in secrets.items():
        expected = (200, "") if scope.covers(needed) else (403, "FORBIDDEN")
        assert ask(service, query, secret) == expected


def test_a_document_is_executed_as_a_whole_or_not_at_all(
    service: RunningService, secrets: dict[Scope, str]
) -> None:
    both = SET.replace('"a"', '"whole"')[:-1] + DELETE.removeprefix("mutation {")
    assert ask(service, both, secrets[Scope.RUN]) == (403, "FORBIDDEN")
    answer = httpx.post(
        f"{service.url}/graphql",
        json={"query": '{ variable(name: "whole") { id } }'},
        headers={"Authorization": f"Bearer {secrets[Scope.READ]}"},
    )
    assert answer.json() == {"data": {"variable": None}}


@pytest.mark.parametrize(
    ("action", "needed"), [("do-nothing", Scope.RUN), ("pause-work-pool", Scope.ADMIN)]
)
def test_an_automation_does_nothing_that_who_makes_it_may_not(
    service: RunningService, secrets: dict[Scope, str], action: str, needed: Scope
) -> None:
    make = (
        'mutation { createAutomation(automation: {name: "a", trigger: {type: "event"}, '
        f'actions: [{{type: "{action}", source: "inferred"}}]}}) {{ __typename }} }}'
    )
    for scope, secret in secrets.items():
        expected = "" if scope.covers(needed) else "FORBIDDEN"
        assert ask(service, make, secret)[1] == expected


def ask_for(service: RunningService, secret: str, query: str) -> dict[str, Any]:
    """The answer to an operation."""
    headers = {"Authorization": f"Bearer {secret}"}
    answer = httpx.post(f"{service.url}/graphql", json={"query": query}, headers=headers)
    told: dict[str, Any] = answer.json()
    return told


def given(action: str) -> str:
    """An automation that does something with whatever happens."""
    return f'{{name: "a", trigger: {{type: "event"}}, actions: [{{{action}}}]}}'


NOTHING = 'type: "do-nothing"'


@pytest.mark.parametrize("action", ['type: "pause-work-pool", source: "inferred"', NOTHING])
def test_with_an_automation_of_an_admin_nobody_else_meddles(
    service: RunningService, secrets: dict[Scope, str], action: str
) -> None:
    owner = "headrace.deployment.theirs"
    made = ask_for(
        service,
        secrets[Scope.ADMIN],
        "mutation { setOwnedAutomations("
        f'ownerResource: "{owner}", automations: [{given(action)}]) '
        "{ ... on OwnedAutomations { automations { id madeBy } } } }",
    )
    (one,) = made["data"]["setOwnedAutomations"]["automations"]
    assert one["madeBy"] == "the admin one"
    key = one["id"]
    resting = f'type: "pause-automation", source: "selected", automation_id: "{key}"'
    for change in (
        f'setAutomationEnabled(id: "{key}", enabled: false)',
        f'updateAutomation(id: "{key}", automation: {given(NOTHING)})',
        f'setOwnedAutomations(ownerResource: "{owner}", automations: [])',
        f"createAutomation(automation: {given(resting)})",
        f'deleteAutomation(id: "{key}")',
    ):
        query = f"mutation {{ {change} {{ __typename }} }}"
        assert ask(service, query, secrets[Scope.RUN]) == (403, "FORBIDDEN"), change
    assert ask(service, query, secrets[Scope.ADMIN]) == (200, "")


def test_what_goes_on_as_it_was_is_not_meddled_with(
    service: RunningService, secrets: dict[Scope, str]
) -> None:
    declare = (
        'mutation { setOwnedAutomations(ownerResource: "headrace.deployment.ours", '
        f"automations: [{given(NOTHING)}]) "
        "{ ... on OwnedAutomations { automations { id madeBy } } } }"
    )
    told = [ask_for(service, secrets[scope], declare) for scope in (Scope.ADMIN, Scope.RUN)]
    (one,) = told[0]["data"]["setOwnedAutomations"]["automations"]
    assert one["madeBy"] == "the admin one"
    assert told[1] == told[0]


@pytest.mark.parametrize("maker", [OWNER, Caller(Scope.RUN)], ids=["owner", "run"])
async def test_what_was_made_or_changed_as_an_admin_without_a_token_is_an_admins(
    tmp_path: Path, maker: Caller
) -> None:
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:

        async def ask_as(caller: Caller, change: str) -> Any:
            query = f"mutation {{ {change} {{ ... on Automation {{ id }} __typename }} }}"
            return await schema.execute(query, context_value=Context(ledger, caller))

        made = await ask_as(maker, f"createAutomation(automation: {given(NOTHING)})")
        assert made.data is not None
        key = made.data["createAutomation"]["id"]
        if maker is not OWNER:
            change = f'updateAutomation(id: "{key}", automation: {given(NOTHING)})'
            assert not (await ask_as(Caller(Scope.RUN), change)).errors
            assert not (await ask_as(OWNER, change)).errors
        stop = f'setAutomationEnabled(id: "{key}", enabled: false)'
        (error,) = (await ask_as(Caller(Scope.RUN), stop)).errors or []
        assert (error.extensions or {})["code"] == "FORBIDDEN"
        assert not (await ask_as(OWNER, stop)).errors


async def test_one_that_cannot_be_read_is_left_to_admins(tmp_path: Path) -> None:
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        harmless = NewAutomation("a", {"type": "event"}, [{"type": "do-nothing"}])
        key = ledger.write(create_automation, harmless).result().id
        spoilt = Automation.update({Automation.actions: '[{"type": "dance"}]'})
        ledger.write(lambda db: spoilt.execute(db)).result()
        stop = f'mutation {{ deleteAutomation(id: "{key}") {{ __typename }} }}'
        for scope, code in ((Scope.RUN, ["FORBIDDEN"]), (Scope.ADMIN, [])):
            context = Context(ledger, Caller(scope))
            errors = (await schema.execute(stop, context_value=context)).errors or []
            assert [(error.extensions or {})["code"] for error in errors] == code


async def test_nor_with_one_that_has_become_such_while_the_request_was_on_its_way(
    tmp_path: Path,
) -> None:
    harmless = NewAutomation("a", {"type": "event"}, [{"type": "do-nothing"}])
    pausing = [{"type": "pause-work-pool", "source": "inferred"}]
    begun, go_on = threading.Event(), threading.Event()

    def hold(db: Any) -> None:
        begun.set()
        go_on.wait(PATIENCE)

    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        key = ledger.write(create_automation, harmless).result().id
        ledger.write(hold)
        assert begun.wait(PATIENCE)
        ledger.write(update_automation, key, NewAutomation("a", {"type": "event"}, pausing))
        meddle = (
            f'mutation {{ setAutomationEnabled(id: "{key}", enabled: false) {{ __typename }} }}'
        )
        context = Context(ledger, Caller(Scope.RUN))
        meddling = asyncio.create_task(schema.execute(meddle, context_value=context))
        await asyncio.to_thread(until, lambda: ledger.waiting >= 2, "both wait for the writer")
        go_on.set()
        errors = (await meddling).errors or []
    assert [(error.extensions or {})["code"] for error in errors] == ["FORBIDDEN"]


async def test_what_tells_of_tokens_is_for_admins(
    service: RunningService, secrets: dict[Scope, str]
) -> None:
    emitted = EventEmitted(uuids.uuid7(), now_micros(), "mill.ground", {"a": "b"})
    stream, feed = Stream(), "subscription { events { events { event { name } } } }"
    heard, created = {}, "headrace.api-token.created"
    for scope, secret in secrets.items():
        header = {"Authorization": f"Bearer {secret}"}
        async with open_socket(service.url, additional_headers=header) as socket:
            await socket.subscribe(feed)
            await socket.next()  # where the feed begins
            make(service.ledger, f"made while {scope.value} listens")
            service.ledger.append(stream.batch(emitted)).result()
            names = [one["event"]["name"] for one in await events_until(socket, emitted)]
            heard[scope] = [name for name in names if name in (created, "mill.ground")]
    expected = {scope: ["mill.ground"] for scope in Scope}
    expected[Scope.ADMIN] = [created, "mill.ground"]
    assert heard == expected
    for scope, secret in secrets.items():
        page = ask_for(service, secret, "{ events { nodes { name } } }")["data"]["events"]
        listed = {node["name"] for node in page["nodes"]}
        assert "mill.ground" in listed
        assert (created in listed) is (scope is Scope.ADMIN)
    by_name = f'{{ events(name: "{created}") {{ nodes {{ id }} }} }}'
    assert ask_for(service, secrets[Scope.RUN], by_name)["data"]["events"]["nodes"] == []


async def events_until(socket: Socket, last: EventEmitted) -> list[dict[str, Any]]:
    """The events that a socket brings up to the last one."""
    found: list[dict[str, Any]] = []
    while not any(one["event"]["name"] == last.name for one in found):
        found += (await socket.next())["events"]["events"]
    return found


@pytest.mark.parametrize("presented", [None, "", "Bearer", "Basic abc", "Bearer hdr_x"])
def test_who_is_not_known_is_told_so(service: RunningService, presented: str | None) -> None:
    headers = {} if presented is None else {"Authorization": presented}
    answer = httpx.post(f"{service.url}/graphql", json={"query": INFO}, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert "hdr_x" not in answer.text


def test_what_everybody_may_see(service: RunningService, secrets: dict[Scope, str]) -> None:
    assert httpx.get(f"{service.url}/health").status_code == 200
    assert httpx.get(f"{service.url}/ready").status_code == 200
    assert httpx.get(f"{service.url}/metrics").status_code == 401
    known = {"Authorization": f"Bearer {secrets[Scope.READ]}"}
    assert httpx.get(f"{service.url}/metrics", headers=known).status_code in (200, 501)
    page = httpx.get(f"{service.url}/graphql", headers={"Accept": "text/html"})
    assert page.status_code == 200


def test_a_token_that_is_over_is_refused_and_the_event_log_tells(service: RunningService) -> None:
    revoked = make(service.ledger, "gone")
    service.ledger.write(revoke_token, "gone").result()
    for _ in range(3):
        assert ask(service, INFO, revoked) == (401, "UNAUTHENTICATED")
    rows = service.ledger.read(page_of_events, Page(50), None, None).result().rows
    denied = [
        row.payload.payload
        for row in rows
        if row.payload.name.endswith("denied")
        and row.payload.resource.get("headrace.resource.name") == "gone"
    ]
    assert denied == [{"reason": "revoked", "address": "127.0.0.1", "earlier": 0}]


async def test_a_token_expires(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    soon = datetime.now(UTC) + timedelta(hours=1)
    at = int(soon.timestamp() * 1e6)
    presented = f"Bearer {make(ledger, 'brief', expires_at=at)}"
    gate = Gate(ledger)
    caller = await gate.caller(presented)
    assert caller.name == "brief"
    monkeypatch.setattr(authentication, "now_micros", lambda: at)
    assert not await gate.still_admits(caller)
    with pytest.raises(Unauthenticated, match="expired"):
        await gate.caller(presented)
    ledger.close()


@pytest.mark.parametrize(
    ("auth", "exposed", "without_any", "with_one"),
    [
        (Auth.AUTO, False, True, False),
        (Auth.AUTO, True, False, False),
        (Auth.REQUIRED, False, False, False),
        (Auth.OFF, True, True, True),
    ],
)
async def test_when_a_token_is_needed(
    tmp_path: Path, auth: Auth, exposed: bool, without_any: bool, with_one: bool
) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    now = [0.0]
    gate = Gate(ledger, auth, exposed=exposed, clock=lambda: now[0])

    async def comes_in() -> bool:
        try:
            caller = await gate.caller(None)
        except Unauthenticated:
            return False
        return caller.scope is Scope.ADMIN

    assert await comes_in() == without_any
    await asyncio.to_thread(make, ledger, "one")
    now[0] += FRESH * 2
    assert await comes_in() == with_one
    ledger.close()


async def test_tokens_are_looked_up_once_for_all_who_ask_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    looked: list[peewee.Database] = []

    def counting(db: peewee.Database) -> list[TokenRow]:
        looked.append(db)
        return tokens(db)

    monkeypatch.setattr(authentication, "tokens", counting)
    gate = Gate(ledger, clock=lambda: 0.0)
    callers = await asyncio.gather(*(gate.caller(None) for _ in range(20)))
    assert {caller.scope for caller in callers} == {Scope.ADMIN}
    assert len(looked) == 1
    gate.forget()
    early = asyncio.create_task(gate.caller(None))
    await asyncio.sleep(0)  # it has asked
    await asyncio.to_thread(make, ledger, "one")
    gate.forget()  # whatever it hears is not what counts from now on
    with pytest.raises(Unauthenticated):
        await gate.caller(None)
    await asyncio.gather(early, return_exceptions=True)
    with pytest.raises(Unauthenticated):
        await gate.caller(None)
    assert len(looked) == 3
    ledger.close()


def test_a_service_for_others_insists_on_a_token(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.db")
    open_to_all = [Reach("0.0.0.0"), Reach(allowed_hosts=("x.org",)), Reach(auth=Auth.REQUIRED)]
    for reach in open_to_all:
        with pytest.raises(NoToken, match="headrace token create"):
            insist_on_token(ledger, reach)
    insist_on_token(ledger, Reach())
    insist_on_token(ledger, Reach("0.0.0.0", auth=Auth.OFF))
    make(ledger, "one")
    for reach in open_to_all:
        insist_on_token(ledger, reach)
    ledger.close()


def test_secrets_in_blocks_are_for_admins(
    service: RunningService, secrets: dict[Scope, str]
) -> None:
    fields = {"properties": {"token": {}}, "secret_fields": ["token"]}
    kind = {"slug": "key", "name": "Key", "fields": fields}

    def execute(scope: Scope, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        headers = {"Authorization": f"Bearer {secrets[scope]}"}
        return httpx.post(f"{service.url}/graphql", json=body, headers=headers).json()

    save = (
        "mutation ($type: NewBlockType!, $name: String!, $data: JSON!) "
        "{ saveBlock(type: $type, name: $name, data: $data) { __typename } }"
    )
    for name, data in (("one", {"token": "t0p"}), ("two", {"token": None})):
        saved = execute(Scope.ADMIN, save, type=kind, name=name, data=data)
        assert saved["data"]["saveBlock"]["__typename"] == "Block"
    read = '{ block(typeSlug: "key", name: "%s") { data(includeSecrets: true) } }'
    assert execute(Scope.ADMIN, read % "one")["data"]["block"]["data"]["token"] == "t0p"
    refused = execute(Scope.RUN, read % "one")
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "t0p" not in str(refused)
    assert execute(Scope.RUN, read % "two")["data"]["block"]["data"] == {"token": None}
    hidden = execute(Scope.READ, (read % "one").replace("(includeSecrets: true)", ""))
    assert "t0p" not in str(hidden)


# --- websockets ----------------------------------------------------------------------------------


async def test_a_websocket_says_who_it_is(
    service: RunningService, secrets: dict[Scope, str]
) -> None:
    secret = f"Bearer {secrets[Scope.READ]}"
    async with connected(service) as socket:
        await socket.send(type="connection_init", payload={"Authorization": secret})
        assert (await socket.receive())["type"] == "connection_ack"
        await socket.subscribe(LOGS)
        assert "logs" in await socket.next()
        await socket.subscribe(SET, key="2")
        answer = await socket.receive()
        assert answer["payload"][0]["extensions"]["code"] == "FORBIDDEN"
    async with open_socket(service.url, additional_headers={"Authorization": secret}) as socket:
        await socket.subscribe(LOGS)
        assert "logs" in await socket.next()


@pytest.mark.parametrize("payload", [{}, {"Authorization": "Bearer no"}, {"Authorization": 7}])
async def test_a_websocket_that_does_not_is_closed(
    service: RunningService, payload: dict[str, object]
) -> None:
    async with connected(service) as socket:
        await socket.send(type="connection_init", payload=payload)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4403


async def test_who_is_revoked_is_cut_off(service: RunningService) -> None:
    secret = await asyncio.to_thread(make, service.ledger, "brief")
    async with open_socket(
        service.url, additional_headers={"Authorization": f"Bearer {secret}"}
    ) as socket:
        await socket.subscribe(LOGS)
        await socket.next()
        await socket.subscribe('mutation { revokeApiToken(name: "brief") { __typename } }', key="2")
        while (answer := await socket.receive()).get("id") != "2" or answer["type"] != "complete":
            pass
        await socket.subscribe(INFO, key="3")
        answer = await socket.receive()
        assert answer["payload"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def connected(service: RunningService) -> Any:
    """A websocket that has said nothing yet."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Socket]:
        address = service.url.replace("http", "ws", 1) + "/graphql"
        protocols: Any = ["graphql-transport-ws"]
        async with connect(address, subprotocols=protocols) as connection:
            yield Socket(connection)

    return opened()


# --- our own clients -----------------------------------------------------------------------------


def test_clients_present_the_token_of_the_settings(
    service: RunningService, secrets: dict[Scope, str]
) -> None:
    for name in ("api_key", "api_token", "api_auth_string"):
        with temporary_settings({name: secrets[Scope.READ]}), Client(service.url) as client:
            assert client.execute(INFO)["serverInfo"]["scope"] == "READ"
    with Client(service.url) as client, pytest.raises(ServiceError) as caught:
        client.execute(INFO)
    assert caught.value.code == "UNAUTHENTICATED"


async def test_a_subscription_presents_it_too(
    service: RunningService, secrets: dict[Scope, str]
) -> None:
    with temporary_settings({"api_key": secrets[Scope.READ]}):
        client = AsyncClient(service.url)
    query = "subscription ($after: Cursor) { logs(after: $after) { cursor lines { message } } }"
    connected = asyncio.Event()
    feed = client.subscribe(query, on_status=lambda status: connected.set())
    waiting = asyncio.ensure_future(anext(feed))
    await connected.wait()
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await client.close()
    stranger = AsyncClient(service.url)
    with pytest.raises(ServiceError, match="HEADRACE_API_TOKEN"):
        await anext(stranger.subscribe(query))
    await stranger.close()


def test_the_recorder_finds_out_at_once(service: RunningService, secrets: dict[Scope, str]) -> None:
    refused = {None: "HEADRACE_API_TOKEN", secrets[Scope.READ]: "scope run"}
    for secret in (*refused, secrets[Scope.RUN]):
        with closing(HttpTransport(service.url, secret)) as transport:
            if secret in refused:
                with pytest.raises(AccessDenied, match=refused[secret]):
                    transport.connect()
            else:
                transport.connect()


def test_settings_do_not_show_the_token() -> None:
    with temporary_settings({"api_key": "hdr_visible"}):
        shown = repr(get_settings())
    assert "hdr_visible" not in shown
    assert "********" in shown


def test_the_command_makes_lists_and_revokes(tmp_path: Path) -> None:
    environment = {"HEADRACE_HOME": str(tmp_path)}
    with temporary_settings({"home": tmp_path, "api_url": None}):
        made = CliRunner().invoke(token_command, ["create", "ci", "--scope", "run"])
        assert made.exit_code == 0, made.output
        assert made.stdout.startswith("hdr_")
        listed = CliRunner().invoke(token_command, ["ls"], env=environment)
        assert "ci" in listed.stdout
        assert made.stdout.strip() not in listed.stdout
        assert CliRunner().invoke(token_command, ["revoke", "ci"]).exit_code == 0
        again = CliRunner().invoke(token_command, ["revoke", "ci"])
        assert (again.exit_code, again.stderr) == (1, "Error: there is no token 'ci' in use\n")
    ledger = Ledger.open(tmp_path / "ledger.db")
    assert ledger.read(tokens).result() == []
    ledger.close()


def test_the_first_token_is_shown_though_a_service_needs_it_from_then_on(tmp_path: Path) -> None:
    with (
        start_in_thread(tmp_path / "ledger.db") as service,
        temporary_settings({"api_url": service.url}),
    ):
        made = CliRunner().invoke(token_command, ["create", "ann", "--scope", "admin"])
        assert made.exit_code == 0, made.output
        assert "It is the first: from now on whoever asks a service" in made.stderr
        with temporary_settings({"api_key": made.stdout.strip()}):
            second = CliRunner().invoke(token_command, ["create", "ci", "--scope", "run"])
        assert "It is the first" not in second.stderr
        refused = CliRunner().invoke(token_command, ["ls"])
        assert "a token is needed" in refused.stderr


def test_denials_are_told_of_now_and_then() -> None:
    now = [0.0]
    denials = Denials(lambda: now[0])
    assert [denials.due(None, "unknown") for _ in range(5)] == [0, None, None, None, None]
    now[0] = 61.0
    assert denials.due(None, "unknown") == 4
    told = [denials.due(None, f"reason {number}") for number in range(1000)]
    assert sum(one is not None for one in told) < 100
