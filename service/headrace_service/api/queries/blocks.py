"""Queries about blocks."""

from __future__ import annotations

from typing import Annotated

import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.errors import InputError
from headrace_service.api.filters import part_in
from headrace_service.api.pagination import (
    After,
    Before,
    Connection,
    First,
    Last,
    Place,
    page_of,
)
from headrace_service.api.types.block import (
    Block,
    BlockType,
    block_connection,
    block_type_connection,
)
from headrace_service.ledger import blocks


@strawberry.input(description="Which blocks; what is left out does not matter.")
class BlockFilter:
    """Conditions on blocks; all must hold."""

    type_slug: str | None = strawberry.field(default=None, description="Of this type.")
    name_contains: str | None = strawberry.field(default=None, description="With this in the name.")
    with_anonymous: bool = strawberry.field(
        default=False, description="Also those that are known by their id alone."
    )


@strawberry.type(description="Blocks and their types.")
class BlockQueries:
    """Queries about blocks."""

    @strawberry.field(description="The blocks, newest first.")
    async def blocks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[
            BlockFilter | None, strawberry.argument(description="Which of them.")
        ] = None,
    ) -> Connection[Block]:
        """A page of the blocks."""
        page = page_of(Place.BLOCK, first, after, last, before)
        wanted = filter or BlockFilter()
        part = part_in(wanted.name_contains, "nameContains")
        where = blocks.BlockWhere(wanted.type_slug, part, wanted.with_anonymous)
        rows = await info.context.ledger.aread(blocks.page_of_blocks, page, where)
        return block_connection(info.context, rows)

    @strawberry.field(
        description="A block by its id, or by its type and name; null when there is none."
    )
    async def block(
        self,
        info: Info,
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id.")] = None,
        type_slug: Annotated[
            str | None, strawberry.argument(description="The slug of its type; with `name`.")
        ] = None,
        name: Annotated[str | None, strawberry.argument(description="Its name.")] = None,
    ) -> Block | None:
        """One block."""
        ledger = info.context.ledger
        if id is not None and type_slug is None and name is None:
            row = await ledger.aread(blocks.block_by_id, parse_id(id))
        elif id is None and type_slug is not None and name is not None:
            row = await ledger.aread(blocks.block_by_name, type_slug, name)
        else:
            raise InputError("id: give either id, or typeSlug and name", "id")
        return None if row is None else Block.of(row)

    @strawberry.field(description="The types of blocks that were registered, by slug.")
    async def block_types(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[BlockType]:
        """A page of the types."""
        page = page_of(Place.BLOCK_TYPE, first, after, last, before)
        rows = await info.context.ledger.aread(blocks.page_of_block_types, page)
        return block_type_connection(info.context, rows)

    @strawberry.field(description="A type of blocks by its slug; null when there is none.")
    async def block_type(
        self,
        info: Info,
        slug: Annotated[str, strawberry.argument(description="Its slug.")],
    ) -> BlockType | None:
        """One type."""
        row = await info.context.ledger.aread(blocks.block_type_by_slug, slug)
        return None if row is None else BlockType.of(row)
