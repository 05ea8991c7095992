"""Blocks: configurations with secrets, saved under a name and loaded where they are needed.

    class Warehouse(Block):
        host: str
        password: SecretStr

    Warehouse(host="db", password="…").save("production")
    Warehouse.load("production").password.get_secret_value()

`save`, `load` and `delete` are for any code, and in asynchronous code have to be awaited; `asave`,
`aload` and `adelete` are always coroutine functions.
"""

from __future__ import annotations

import importlib
from abc import ABC
from collections.abc import Mapping
from textwrap import dedent
from typing import Any, ClassVar, Self, cast
from uuid import UUID

import pydantic

from headrace.blocks.fields import (
    block_fields,
    data_of,
    description_of,
    is_block_class,
    secret_fields,
)
from headrace.client import saved
from headrace.client.schemas.objects import BlockDocument
from headrace.client.shared import ask
from headrace.exceptions import ServiceError
from headrace.utilities.asyncutils import dispatch
from headrace.utilities.slugify import slugify

#: Where the classes of blocks that come with headrace are, by slug.
_HOMES = {
    "custom-webhook": "headrace.blocks.notifications",
    "discord-webhook": "headrace.blocks.notifications",
    "local-file-system": "headrace.filesystems",
    "mattermost-webhook": "headrace.blocks.notifications",
    "microsoft-teams-webhook": "headrace.blocks.notifications",
    "remote-file-system": "headrace.filesystems",
    "secret": "headrace.blocks.system",
    "slack-webhook": "headrace.blocks.notifications",
    "webhook": "headrace.blocks.webhook",
}

#: How the keys begin that say, in dumped data, which saved block it was.
_MARKS = ("_block_document_id", "_block_document_name", "_is_anonymous")


class InvalidBlockRegistration(Exception):
    """What was to be registered is no class of blocks of its own."""


class UnknownBlockType(Exception):
    """There is no class for a type of blocks in this process."""


class BlockNotSavedError(RuntimeError):
    """A block has to be saved before that can be done with it."""


def _about_blocks(schema: dict[str, Any], model: type[Block]) -> None:
    """Add to a class's JSON schema what it says of itself as a type of blocks."""
    schema["block_type_slug"] = model.get_block_type_slug()
    schema["secret_fields"] = secret_fields(model)
    schema["block_schema_references"] = {
        name: {"block_type_slug": kind.get_block_type_slug()}
        for name, kind in block_fields(model).items()
    }
    description = model.get_description()
    if description is None:
        schema.pop("description", None)
    else:
        schema["description"] = description


class Block(pydantic.BaseModel, ABC):
    """A configuration; its fields are those of a pydantic model.

    Secret fields (`SecretStr`, `SecretDict`, …) are not printed. Instead of overriding `__init__`,
    override `block_initialization`, which is called after it.
    """

    model_config = pydantic.ConfigDict(extra="allow", json_schema_extra=cast(Any, _about_blocks))

    #: The type's name, slug, description and example; by default made of the class.
    _block_type_name: ClassVar[str | None] = None
    _block_type_slug: ClassVar[str | None] = None
    _description: ClassVar[str | None] = None
    _code_example: ClassVar[str | None] = None
    _logo_url: ClassVar[Any] = None
    _documentation_url: ClassVar[Any] = None
    _block_schema_capabilities: ClassVar[list[str] | None] = None

    _classes: ClassVar[dict[str, type[Block]]] = {}

    _block_document_id: UUID | None = pydantic.PrivateAttr(None)
    _block_document_name: str | None = pydantic.PrivateAttr(None)
    _is_anonymous: bool | None = pydantic.PrivateAttr(None)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        Block._classes[cls.get_block_type_slug()] = cls

    def __new__(cls, **kwargs: Any) -> Self:
        """A block of the subclass that `block_type_slug` names, if it is given."""
        slug = kwargs.get("block_type_slug")
        if slug:
            named = cls.get_block_class_from_key(slug)
            if named is not cls and issubclass(named, cls):
                return super().__new__(named)
        return super().__new__(cls)

    def __init__(self, **data: Any) -> None:
        document_id, name, anonymous = (data.pop(mark, None) for mark in _MARKS)
        super().__init__(**data)
        if document_id is not None:
            self._block_document_id = UUID(str(document_id))
            self._block_document_name, self._is_anonymous = name, bool(anonymous)
        self.block_initialization()

    @pydantic.model_validator(mode="before")
    @classmethod
    def _check_type(cls, values: Any) -> Any:
        """Tell the classes of a union apart by what the data says it is."""
        if not isinstance(values, dict) or "block_type_slug" not in values:
            return values
        slug = values["block_type_slug"]
        if slug and slug != cls.get_block_type_slug():
            raise ValueError(
                f"Invalid block_type_slug: expected {cls.get_block_type_slug()!r}, got {slug!r}"
            )
        return {key: value for key, value in values.items() if key != "block_type_slug"}

    @pydantic.model_serializer(mode="wrap")
    def _dump(
        self, handler: pydantic.SerializerFunctionWrapHandler, info: pydantic.SerializationInfo
    ) -> Any:
        """The fields, and which block this is."""
        context = info.context or {}
        if context.get("serialize_blocks_as_references"):
            if self._block_document_id is None:
                raise BlockNotSavedError(
                    "Block must be saved with `.save()` before it can be used as a deployment "
                    "parameter."
                )
            return {"$ref": {"block_document_id": str(self._block_document_id)}}
        fields = handler(self)
        if context.get("include_secrets"):
            shown = data_of(self)
            fields = {key: shown.get(key, value) for key, value in fields.items()}
        marks = {
            "block_type_slug": self.get_block_type_slug(),
            "_block_document_id": self._block_document_id,
            "_block_document_name": self._block_document_name,
            "_is_anonymous": self._is_anonymous,
        }
        if info.mode == "json" and self._block_document_id is not None:
            marks["_block_document_id"] = str(self._block_document_id)
        left_out = info.exclude or ()
        return fields | {
            key: value
            for key, value in marks.items()
            if value is not None
            and (info.include is None or key in info.include)
            and key not in left_out
        }

    def __str__(self) -> str:
        return repr(self)

    def __repr_args__(self) -> Any:
        declared = type(self).model_fields
        return [(key, value) for key, value in super().__repr_args__() if key in declared]

    def block_initialization(self) -> None:
        """Called after `__init__`; for subclasses to override."""

    # -- what the class says of itself -------------------------------------------------------------

    @classmethod
    def model_json_schema(
        cls,
        by_alias: bool | None = None,
        ref_template: str = "#/definitions/{model}",
        *args: Any,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """The JSON schema of the fields, with `definitions` and the fields' positions."""
        by_alias = True if by_alias is None else by_alias
        schema = super().model_json_schema(by_alias, ref_template, *args, **kwargs)
        if "$defs" in schema:
            schema["definitions"] = schema.pop("$defs")
        for position, described in enumerate(schema.get("properties", {}).values()):
            described["position"] = position
        return schema

    @classmethod
    def get_block_type_name(cls) -> str:
        """The type's name."""
        return cls._block_type_name or cls.__name__

    @classmethod
    def get_block_type_slug(cls) -> str:
        """The type's name in lowercase letters, numbers and dashes."""
        return slugify(cls._block_type_slug or cls.get_block_type_name())

    @classmethod
    def get_block_capabilities(cls) -> frozenset[str]:
        """What blocks of this class can do, in words that `_block_schema_capabilities` lists."""
        return frozenset(
            word
            for kind in cls.__mro__
            for word in kind.__dict__.get("_block_schema_capabilities") or ()
        )

    @classmethod
    def get_description(cls) -> str | None:
        """What its blocks are for: `_description`, or the beginning of the docstring."""
        return description_of(cls) if cls._description is None else cls._description

    @classmethod
    def get_code_example(cls) -> str:
        """How its blocks are used: `_code_example`, or how one is loaded."""
        if cls._code_example is not None:
            return dedent(cls._code_example)
        variable = cls.get_block_type_slug().replace("-", "_")
        return (
            f"```python\nfrom {cls.__module__} import {cls.__name__}\n\n"
            f'{variable}_block = {cls.__name__}.load("BLOCK_NAME")\n```'
        )

    @classmethod
    def get_block_class_from_key(cls, key: str) -> type[Self]:
        """The class of a type of blocks, by its slug.

        Raises:
            UnknownBlockType: no module that was imported defines one.
        """
        if key not in Block._classes and key in _HOMES:
            importlib.import_module(_HOMES[key])
        found = Block._classes.get(key)
        if found is None:
            raise UnknownBlockType(
                f"No block class found for slug {key!r}. Please ensure that the block class is "
                "available in the current environment."
            )
        return cast("type[Self]", found)

    @staticmethod
    def is_block_class(block: Any) -> bool:
        """Whether something is a class of blocks."""
        return is_block_class(block)

    def get_block_placeholder(self) -> str:
        """What stands for this block in templates.

        Raises:
            BlockNotSavedError: it was not saved.
        """
        if not self._block_document_name:
            raise BlockNotSavedError("Could not generate block placeholder for unsaved block.")
        return f"headrace.blocks.{self.get_block_type_slug()}.{self._block_document_name}"

    # -- saving and loading ------------------------------------------------------------------------

    @classmethod
    async def aregister_type_and_schema(cls, client: object = None) -> None:
        """Make the class known to the service, and those of the blocks in its fields.

        Args:
            client: has no effect; programs written for Prefect may give one.

        Raises:
            InvalidBlockRegistration: it is `Block` itself, or an interface for blocks.
        """
        cls._check_is_concrete()
        for inner in block_fields(cls).values():
            if not inner._is_interface():
                await inner.aregister_type_and_schema()
        await ask(saved.register_block_type(cls._as_type()))

    async def asave(
        self, name: str | None = None, overwrite: bool = False, client: object = None
    ) -> UUID:
        """Save the block, and make its class known.

        Args:
            name: lowercase letters, numbers and dashes; by default the name that it was saved
                under or loaded by.
            overwrite: whether it may take the place of the block of that name.
            client: has no effect; programs written for Prefect may give one.

        Returns:
            Its id.

        Raises:
            ValueError: there is no name, or it is taken.
            pydantic.ValidationError: the name cannot be used.
        """
        name = name or self._block_document_name
        if name is None:
            raise ValueError(
                "You're attempting to save a block document without a name. Please either call "
                "`save` with a `name` or pass `is_anonymous=True` to save an anonymous block."
            )
        self._check_is_concrete()
        kind = self._as_type()
        new = BlockDocument(name=name, data=data_of(self))
        try:
            found = await ask(saved.save_block(kind, new.name, new.data, overwrite))
        except ServiceError as error:
            if error.code != "Conflict":
                raise
            raise ValueError(
                "You are attempting to save values with a name that is already in use for this "
                "block type. If you would like to overwrite the values that are saved, then save "
                "with `overwrite=True`."
            ) from None
        self._block_document_id, self._block_document_name = UUID(found["id"]), found["name"]
        self._is_anonymous = found["isAnonymous"]
        return self._block_document_id

    @classmethod
    async def aload(cls, name: str, validate: bool = True, client: object = None) -> Self:
        """The saved block of a name.

        Args:
            name: its name; for `Block.load`, its type's slug and its name: "secret/api-key".
            validate: False takes the data as it is, where the class has changed since.
            client: has no effect; programs written for Prefect may give one.

        Raises:
            ValueError: there is none.
            RuntimeError: what was saved does not fit the class as it is now.
        """
        return cls._of(await cls._find(name), validate)

    @classmethod
    async def aload_from_ref(
        cls,
        ref: str | UUID | Mapping[str, Any],
        validate: bool = True,
        client: object = None,
    ) -> Self:
        """The saved block of an id, of `{"block_document_id": …}` or `{"block_document_slug": …}`.

        Raises:
            ValueError: there is none, or this is no reference.
        """
        by_id: Any = ref.get("block_document_id") if isinstance(ref, Mapping) else ref
        if by_id:
            try:
                wanted = UUID(str(by_id))
            except ValueError:
                raise ValueError(f"Block document ID {by_id!r} is not a valid UUID") from None
            found = await ask(saved.block(id=wanted))
            if found is None:
                raise ValueError(f"Unable to find block document with ID {wanted!r}")
            return cls._of(found, validate)
        slug = ref.get("block_document_slug") if isinstance(ref, Mapping) else None
        if not slug:
            raise ValueError(f"Invalid reference format {ref!r}.")
        return await cls.aload(slug, validate)

    @classmethod
    async def adelete(cls, name: str, client: object = None) -> None:
        """Delete the saved block of a name.

        Raises:
            ValueError: there is none.
        """
        found = await cls._find(name, with_data=False)
        await ask(saved.delete_block(found["id"]))

    @classmethod
    def register_type_and_schema(cls, client: object = None, *, _sync: bool | None = None) -> None:
        """Make the class known; see `aregister_type_and_schema`."""
        return cast(None, dispatch(cls.aregister_type_and_schema(), _sync))

    def save(
        self,
        name: str | None = None,
        overwrite: bool = False,
        client: object = None,
        *,
        _sync: bool | None = None,
    ) -> UUID:
        """Save the block; see `asave`."""
        return cast(UUID, dispatch(self.asave(name, overwrite), _sync))

    @classmethod
    def load(
        cls,
        name: str,
        validate: bool = True,
        client: object = None,
        *,
        _sync: bool | None = None,
    ) -> Self:
        """The saved block of a name; see `aload`."""
        return cast(Self, dispatch(cls.aload(name, validate), _sync))

    @classmethod
    def load_from_ref(
        cls,
        ref: str | UUID | Mapping[str, Any],
        validate: bool = True,
        client: object = None,
        *,
        _sync: bool | None = None,
    ) -> Self:
        """The saved block that a reference names; see `aload_from_ref`."""
        return cast(Self, dispatch(cls.aload_from_ref(ref, validate), _sync))

    @classmethod
    def delete(cls, name: str, client: object = None, *, _sync: bool | None = None) -> None:
        """Delete the saved block of a name; see `adelete`."""
        return cast(None, dispatch(cls.adelete(name), _sync))

    @classmethod
    def _is_interface(cls) -> bool:
        return cls is Block or ABC in cls.__bases__

    @classmethod
    def _check_is_concrete(cls) -> None:
        if cls._is_interface():
            kind = "Block class" if cls is Block else "Block interface class"
            raise InvalidBlockRegistration(
                "`register_type_and_schema` should be called on a Block subclass and not on "
                f"{'the' if cls is Block else 'a'} {kind} directly."
            )

    @classmethod
    def _as_type(cls) -> dict[str, Any]:
        """What the service is told of the class."""
        return {
            "slug": cls.get_block_type_slug(),
            "name": cls.get_block_type_name(),
            "description": cls.get_description(),
            "fields": cls.model_json_schema(),
        }

    @classmethod
    async def _find(cls, name: str, *, with_data: bool = True) -> dict[str, Any]:
        slug = cls.get_block_type_slug()
        if cls is Block:
            slug, name = name.split("/", 1)
        asked = saved.block if with_data else saved.block_without_data
        found = await ask(asked(type_slug=slug, name=name))
        if found is None:
            raise ValueError(f"Unable to find block document named {name} for block type {slug}")
        return found

    @classmethod
    def _of(cls, found: dict[str, Any], validate: bool) -> Self:
        """The block that was found."""
        kind = cls.get_block_class_from_key(found["typeSlug"]) if cls is Block else cls
        try:
            block = kind.model_validate(found["data"])
        except pydantic.ValidationError as error:
            if validate:
                raise RuntimeError(
                    f"Unable to load {found['name']!r} of block type "
                    f"{kind.get_block_type_slug()!r} due to failed validation. To load without "
                    "validation, try loading again with `validate=False`."
                ) from error
            nothing = dict.fromkeys(kind.model_fields)
            block = kind.model_construct(**nothing | found["data"])
        block._block_document_id, block._block_document_name = UUID(found["id"]), found["name"]
        block._is_anonymous = found["isAnonymous"]
        return block
