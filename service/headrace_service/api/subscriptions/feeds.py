"""What the feeds that go on after a cursor have in common."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, TypeVar

import strawberry

from headrace_service.api.context import Context
from headrace_service.api.errors import InputError
from headrace_service.api.pagination import Place, decode_cursor, encode_cursor
from headrace_service.api.scalars import Cursor
from headrace_service.ledger import CursorExpired, InvalidCursor
from headrace_service.ledger.tail import FeedChunk, Row

R = TypeVar("R", bound=Row)

FeedAfter = Annotated[
    Cursor | None,
    strawberry.argument(
        description="Begin behind this place: a message's `cursor`, a page's `feedCursor`. "
        "Without it the feed begins now."
    ),
]


def start_at(context: Context, place: Place, after: Cursor | None) -> int | None:
    """The place that a feed begins behind; None is now.

    A reader that lost its connection goes on where it was, not where it began.

    Raises:
        InputError: the cursor is none of this feed's.
    """
    if context.resume_after is not None:
        after = Cursor(context.resume_after)
    if after is None:
        return None
    start: int = decode_cursor(place, after, "after")
    return start


async def checked(
    place: Place, feed: AsyncGenerator[FeedChunk[R], None]
) -> AsyncGenerator[FeedChunk[R], None]:
    """The feed; a cursor that it cannot go on from is the caller's to mend.

    Raises:
        InputError: with the code `InvalidCursor` or `CursorExpired`.
    """
    async with aclosing(feed) as chunks:
        try:
            async for chunk in chunks:
                yield chunk
        except InvalidCursor as error:
            raise InputError(f"after: {error}", "after", "InvalidCursor") from None
        except CursorExpired as error:
            oldest = encode_cursor(place, error.oldest)
            raise InputError(
                f"after: {error}", "after", "CursorExpired", oldestCursor=oldest
            ) from None
