"""Blocks in programs: embedded and with a service, in any kind of code."""

from __future__ import annotations

import asyncio
import json
from abc import ABC
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pydantic
import pytest
from pydantic import Field, SecretStr

from headrace import Client, flow
from headrace.blocks.core import (
    Block,
    BlockNotSavedError,
    InvalidBlockRegistration,
    UnknownBlockType,
)
from headrace.blocks.system import Secret
from headrace.client import shared
from headrace.exceptions import ServiceError
from headrace.settings import get_settings
from headrace.types import SecretDict
from headrace_service.server import start_in_thread
from tests.run_kit import Book


@pytest.fixture(params=["embedded", "http"], autouse=True)
def place(
    request: pytest.FixtureRequest, book: Book, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A home of the test's own, without a service or with one."""
    if request.param == "embedded":
        yield
    else:
        with start_in_thread(book.path) as service:
            monkeypatch.setenv("HEADRACE_API_URL", service.url)
            get_settings.cache_clear()
            yield
    shared.close()


class Login(Block):
    """Who somebody is.

    Attributes:
        user: the name.
    """

    user: str
    password: SecretStr


class Warehouse(Block):
    _block_type_name = "My Warehouse"

    host: str
    port: int = 5432
    login: Login | None = None
    spares: list[Login] = Field(default_factory=list)
    headers: SecretDict = Field(default_factory=lambda: SecretDict({}))
    schema_: str = Field(default="public", alias="schema")
    _ready: bool = False

    def block_initialization(self) -> None:
        self._ready = True


def test_a_block_is_saved_and_loaded() -> None:
    saved = Login(user="me", password=SecretStr("pw"))
    assert saved._block_document_id is None
    made = saved.save("mine")
    found = Login.load("mine")
    assert found == saved
    assert found._block_document_id == made == saved._block_document_id
    assert found.password.get_secret_value() == "pw"
    assert Block.load("login/mine") == saved
    assert Login.load_from_ref(made) == saved
    assert Login.load_from_ref({"block_document_slug": "mine"}) == saved


def test_secrets_are_not_shown() -> None:
    block = Warehouse(
        host="db", login=Login(user="me", password=SecretStr("pw")), headers=SecretDict({"k": "v"})
    )
    assert str(block) == (
        "Warehouse(host='db', port=5432, login=Login(user='me', "
        "password=SecretStr('**********')), spares=[], headers=SecretDict('**********'), "
        "schema_='public')"
    )
    block.save("w")
    with Client() as client:
        answer = client.execute("{ blocks { nodes { data } } }")
    assert "pw" not in json.dumps(answer)
    assert answer["blocks"]["nodes"][0]["data"]["login"]["password"] == "********"


def test_blocks_within_a_block() -> None:
    kept = Login(user="kept", password=SecretStr("one"))
    kept.save("kept")
    block = Warehouse(
        host="db", login=kept, spares=[kept, Login(user="here", password=SecretStr("two"))]
    )
    block.save("w")
    Login(user="kept", password=SecretStr("three")).save("kept", overwrite=True)
    found = Warehouse.load("w")
    assert found._ready
    assert found.login is not None
    assert found.login.password.get_secret_value() == "three"
    assert found.login._block_document_name == "kept"
    assert [spare.password.get_secret_value() for spare in found.spares] == ["three", "two"]
    assert found.spares[1]._block_document_id is None
    Login.delete("kept")
    with pytest.raises(ServiceError, match="holds one that was deleted"):
        Warehouse.load("w")
    Warehouse.delete("w")  # what cannot be loaded can be deleted
    with pytest.raises(ValueError, match="document named w"):
        Warehouse.load("w")


def test_aliases_and_mappings_come_back() -> None:
    Warehouse(host="db", headers=SecretDict({"a": "b"}), schema="mine").save("w")
    found = Warehouse.load("w")
    assert (found.schema_, found.headers.get_secret_value()) == ("mine", {"a": "b"})


def test_a_name_is_taken_only_once() -> None:
    block = Login(user="me", password=SecretStr("pw"))
    block.save("mine")
    with pytest.raises(ValueError, match="a name that is already in use"):
        block.save("mine")
    block.user = "you"
    block.save(overwrite=True)
    assert Login.load("mine").user == "you"
    with pytest.raises(ValueError, match="without a name"):
        Login(user="me", password=SecretStr("pw")).save()
    with pytest.raises(pydantic.ValidationError, match="Block document name must only contain"):
        block.save("Not This")


def test_what_is_not_there_is_told_by_name() -> None:
    with pytest.raises(ValueError, match="document named nope for block type login"):
        Login.load("nope")
    with pytest.raises(ValueError, match="document named nope for block type login"):
        Login.delete("nope")
    with pytest.raises(ValueError, match="Unable to find block document with ID"):
        Login.load_from_ref(uuid4())
    with pytest.raises(ValueError, match="not a valid UUID"):
        Login.load_from_ref("x")
    with pytest.raises(ValueError, match="Invalid reference format"):
        Login.load_from_ref({})
    with pytest.raises(UnknownBlockType, match="No block class found for slug 'zzz'"):
        Block.get_block_class_from_key("zzz")
    Login(user="me", password=SecretStr("pw")).save("mine")
    assert Login.delete("mine") is None
    with pytest.raises(ValueError, match="document named mine"):
        Login.load("mine")


def test_a_class_that_has_changed() -> None:
    Login(user="me", password=SecretStr("pw")).save("mine")

    class Later(Block):
        _block_type_slug = "login"
        user: str
        team: str

    with pytest.raises(RuntimeError, match="due to failed validation"):
        Later.load("mine")
    found = Later.load("mine", validate=False)
    assert found.model_dump(include={"user", "team"}) == {"user": "me", "team": None}
    Block._classes["login"] = Login


def test_what_a_class_says_of_itself() -> None:
    assert Warehouse.get_block_type_slug() == "my-warehouse"
    assert Login.get_description() == "Who somebody is."
    Warehouse.register_type_and_schema()
    with Client() as client:
        data = client.execute("{ blockTypes { nodes { slug name fields } } }")
    fields = {kind["slug"]: kind["fields"] for kind in data["blockTypes"]["nodes"]}
    assert list(fields) == ["login", "my-warehouse"]
    assert fields["my-warehouse"]["secret_fields"] == [
        "login.password",
        "spares.password",
        "headers.*",
    ]

    class Interface(Block, ABC):
        pass

    for kind in (Block, Interface):
        with pytest.raises(InvalidBlockRegistration):
            kind.register_type_and_schema()


def test_dumps() -> None:
    block = Login(user="me", password=SecretStr("pw"))
    assert block.model_dump(mode="json") == {
        "user": "me",
        "password": "**********",
        "block_type_slug": "login",
    }
    assert block.model_dump(include={"user"}) == {"user": "me"}
    shown: dict[str, Any] = block.model_dump(context={"include_secrets": True})
    assert shown["password"] == "pw"
    with pytest.raises(BlockNotSavedError):
        block.get_block_placeholder()
    block.save("mine")
    assert block.get_block_placeholder() == "headrace.blocks.login.mine"
    assert Login.model_validate(block.model_dump())._block_document_name == "mine"


def test_the_class_is_chosen_by_what_the_data_says() -> None:
    class Cat(Block):
        name: str

    class Dog(Block):
        name: str

    class Owner(Block):
        pet: Cat | Dog

    Owner(pet=Dog(name="rex")).save("me")
    assert isinstance(Owner.load("me").pet, Dog)
    assert isinstance(Block(block_type_slug="cat", name="tom"), Cat)
    with pytest.raises(pydantic.ValidationError, match="Invalid block_type_slug"):
        Cat(block_type_slug="dog", name="rex")  # type: ignore[call-arg]


@pytest.mark.parametrize("value", ["text", 5, {"a": [1]}, [1, 2]])
def test_a_secret(value: Any) -> None:
    Secret(value=value).save("s")
    found: Secret[Any] = Secret.load("s")
    assert found.get() == value
    assert str(found) == "Secret(value=Secret('**********'))"


def test_any_kind_of_code() -> None:
    @flow
    def plain() -> Any:
        return Secret.load("s").get()

    @flow
    async def main() -> list[Any]:
        await Secret(value=SecretStr("one")).save("s")  # type: ignore[misc]
        first = (await Secret.load("s")).get()  # type: ignore[misc]
        await Secret(value=SecretStr("two")).asave("s", overwrite=True)
        found: Secret[Any] = await Secret.aload("s")
        return [first, found.get(), plain()]

    assert asyncio.run(main()) == ["one", "two", "two"]
