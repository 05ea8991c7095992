"""How a description of a deployment is refused that makes no sense."""

from __future__ import annotations

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

from headrace.exceptions import tell_in_one_line


def in_few_words(refusal: ValidationError) -> ValidationError:
    """What is wrong, as pydantic says it, without links; nor are frames of ours shown with it."""
    tell_in_one_line()
    details = [
        InitErrorDetails(
            type=PydanticCustomError("value_error", "{message}", {"message": each["msg"]}),
            loc=each["loc"],
            input=each["input"],
        )
        for each in refusal.errors(include_url=False)
    ]
    return ValidationError.from_exception_data(refusal.title, details)
