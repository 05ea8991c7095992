"""Blocks and their types."""

from __future__ import annotations

from typing import Annotated

import msgspec
import strawberry

from headrace_service.api.context import Context, Info
from headrace_service.api.errors import InputError
from headrace_service.api.pagination import Connection, Place, connection
from headrace_service.api.scalars import JSON, DateTime
from headrace_service.api.types.node import Node
from headrace_service.ledger.blocks import BlockRow, BlockTypeRow
from headrace_service.ledger.errors import Refused
from headrace_service.ledger.queries.paging import Slice
from headrace_service.ledger.tokens import Scope


@strawberry.type(description="What a class of blocks says of itself.")
class BlockType:
    """A type of blocks."""

    slug: str = strawberry.field(description="Its name in lowercase letters, numbers and dashes.")
    name: str = strawberry.field(description="Its name.")
    description: str | None = strawberry.field(description="What its blocks are for.")
    fields: JSON = strawberry.field(
        description="The JSON schema of its blocks' fields; `secret_fields` in it lists the paths "
        "of those that are secret."
    )
    created_at: DateTime = strawberry.field(description="When it was first registered.")
    updated_at: DateTime = strawberry.field(description="When it last changed.")

    @classmethod
    def of(cls, row: BlockTypeRow) -> BlockType:
        """The type of a row."""
        return cls(
            slug=row.slug,
            name=row.name,
            description=row.description,
            fields=JSON(msgspec.json.decode(row.fields)),
            created_at=DateTime(row.created_at),
            updated_at=DateTime(row.updated_at),
        )


@strawberry.type(description="A saved configuration, known by its type and its name.")
class Block(Node):
    """A block."""

    row: strawberry.Private[BlockRow]
    type_slug: str = strawberry.field(description="The slug of its type.")
    name: str = strawberry.field(description="Its name, unique within its type.")
    is_anonymous: bool = strawberry.field(
        description="Whether its name was made up, so that it is known by its id alone."
    )
    created_at: DateTime = strawberry.field(description="When it was first saved.")
    updated_at: DateTime = strawberry.field(description="When it was last saved.")
    revision: int = strawberry.field(description="Counts how often it was edited, from 1.")

    @classmethod
    def of(cls, row: BlockRow) -> Block:
        """The block of a row."""
        return cls(
            row=row,
            id=strawberry.ID(str(row.id)),
            type_slug=row.type_slug,
            name=row.name,
            is_anonymous=row.is_anonymous,
            created_at=DateTime(row.created_at),
            updated_at=DateTime(row.updated_at),
            revision=row.revision,
        )

    @strawberry.field(description="Its type.")
    async def type(self, info: Info) -> BlockType:
        """The type."""
        row = await info.context.loaders.block_type.load(self.row.type_slug)
        assert row is not None  # saving a block registers its type
        return BlockType.of(row)

    @strawberry.field(
        description="Its fields. A block within it stands in its place, with `block_type_slug`, "
        "`_block_document_id` and `_block_document_name` beside its fields."
    )
    async def data(
        self,
        info: Info,
        include_secrets: Annotated[
            bool,
            strawberry.argument(
                description="Show secrets as they are, not as asterisks. Where there are some, "
                "this needs the scope ADMIN."
            ),
        ] = False,
    ) -> JSON:
        """The fields."""
        load = info.context.loaders.block_data.load
        try:
            hidden = await load((self.row, False))
            if not include_secrets:
                return JSON(hidden)
            shown = await load((self.row, True))
        except Refused as error:
            raise InputError(str(error), error.field, type(error).__name__) from None
        if shown != hidden:
            info.context.need(Scope.ADMIN, f"the secrets in the block {self.name!r}")
        return JSON(shown)


def block_connection(context: Context, rows: Slice[BlockRow]) -> Connection[Block]:
    """The connection of a page of blocks."""
    context.spend(rows.rows)
    return connection(rows, Block.of, Place.BLOCK, lambda row: row.id)


def block_type_connection(context: Context, rows: Slice[BlockTypeRow]) -> Connection[BlockType]:
    """The connection of a page of types of blocks."""
    context.spend(rows.rows)
    return connection(rows, BlockType.of, Place.BLOCK_TYPE, lambda row: row.slug)
