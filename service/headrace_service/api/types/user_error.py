"""What mutations answer when the caller can mend what is wrong."""

from __future__ import annotations

import strawberry


@strawberry.interface(description="Something about the input that the caller can mend.")
class UserError:
    """What all typed errors have."""

    code: str = strawberry.field(description="The error's short name, for programs.")
    message: str = strawberry.field(description="What is wrong, for people.")
    field: str | None = strawberry.field(description="The path of the input that is wrong.")


@strawberry.type(description="The input as a whole makes no sense; nothing of it was taken.")
class InvalidInput(UserError):
    """An unusable input."""

    @classmethod
    def of(cls, message: str, field: str | None = None) -> InvalidInput:
        """The answer to an input that is wrong at `field`."""
        return cls(code="InvalidInput", message=message, field=field)


@strawberry.type(description="There is no such thing; nothing was changed.")
class NotFound(UserError):
    """A thing that is not there."""

    @classmethod
    def of(cls, message: str, field: str | None = None) -> NotFound:
        """The answer where what `field` names is not there."""
        return cls(code="NotFound", message=message, field=field)


@strawberry.type(description="It does not fit what is there; nothing was changed.")
class Conflict(UserError):
    """Something that stands in the way."""

    current_revision: int | None = strawberry.field(
        description="The revision that the thing is at, where `expectedRevision` was another."
    )

    @classmethod
    def of(cls, message: str, field: str | None = None, revision: int | None = None) -> Conflict:
        """The answer where something stands in the way of what `field` asks for."""
        return cls(code="Conflict", message=message, field=field, current_revision=revision)
