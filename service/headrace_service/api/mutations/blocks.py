"""Saving and deleting blocks, and making their types known."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import (
    DeleteResult,
    ExpectedRevision,
    IdempotencyKey,
    deleted,
    refusal,
)
from headrace_service.api.scalars import JSON, object_of
from headrace_service.api.types.block import Block, BlockType
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import blocks
from headrace_service.ledger.decode import checked
from headrace_service.ledger.errors import Refused

SaveBlockResult = Annotated[
    Block | NotFound | Conflict | InvalidInput,
    strawberry.union("SaveBlockResult", description="What became of a block to be saved."),
]
RegisterBlockTypeResult = Annotated[
    BlockType | NotFound | Conflict | InvalidInput,
    strawberry.union("RegisterBlockTypeResult", description="What became of a type of blocks."),
]


@strawberry.input(description="What a class of blocks says of itself.")
class NewBlockType:
    """A type of blocks."""

    slug: str = strawberry.field(description="Its name in lowercase letters, numbers and dashes.")
    name: str = strawberry.field(description="Its name.")
    fields: JSON = strawberry.field(
        description="The JSON schema of its blocks; `secret_fields` in it lists what is secret."
    )
    description: str | None = strawberry.field(default=None, description="What its blocks are for.")


@strawberry.type(description="Saving and deleting blocks, and making their types known.")
class BlockMutations:
    """Mutations of blocks."""

    @strawberry.mutation(description="Make a type of blocks known, or bring it up to date.")
    async def register_block_type(
        self,
        info: Info,
        type: Annotated[NewBlockType, strawberry.argument(description="The type.")],
    ) -> RegisterBlockTypeResult:
        """Register one."""
        try:
            new = checked(_type_of(type))
            row = await info.context.ledger.awrite(blocks.register_block_type, new)
        except Refused as refused:
            return refusal(refused)
        return BlockType.of(row)

    @strawberry.mutation(description="Save a block; its type becomes known, too.")
    async def save_block(
        self,
        info: Info,
        type: Annotated[NewBlockType, strawberry.argument(description="Its type.")],
        data: Annotated[JSON, strawberry.argument(description="Its fields, an object.")],
        name: Annotated[
            str | None,
            strawberry.argument(description="Its name; one without is known by its id alone."),
        ] = None,
        overwrite: Annotated[
            bool, strawberry.argument(description="Whether it may take another one's place.")
        ] = False,
        expected_revision: ExpectedRevision = None,
        idempotency_key: IdempotencyKey = None,
    ) -> SaveBlockResult:
        """Save one."""
        try:
            new, fields = checked(_type_of(type)), object_of(data, "data")
            row = await info.context.ledger.awrite(
                blocks.save_block, new, name, fields, overwrite, expected_revision, idempotency_key
            )
        except Refused as refused:
            return refusal(refused)
        return Block.of(row)

    @strawberry.mutation(description="Delete a block.")
    async def delete_block(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> DeleteResult:
        """Delete one."""
        try:
            found = await info.context.ledger.awrite(blocks.delete_block, parse_id(id))
        except Refused as refused:
            return refusal(refused)
        return deleted(found)


def _type_of(given: NewBlockType) -> blocks.NewBlockType:
    fields = object_of(given.fields, "type.fields")
    return blocks.NewBlockType(given.slug, given.name, given.description, fields)
