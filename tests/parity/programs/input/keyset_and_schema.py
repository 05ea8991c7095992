from headrace.input import RunInput
from headrace.input.run_input import AutomaticRunInput, run_input_subclass_from_type
from pydantic import Field


class Answer(RunInput):
    """How to go on."""

    yes: bool = True
    reason: str = Field(default="none", description="Why")


print(Answer.__fields__.keys() if False else list(Answer.model_fields))
print(Answer.with_initial_data(reason="because")().reason)
made = run_input_subclass_from_type(int)
print(made.__name__, issubclass(made, RunInput), issubclass(made, AutomaticRunInput))
print(Answer().model_dump(), Answer(yes="no").yes)
try:
    Answer(yes="perhaps")
except ValueError as error:
    print(type(error).__name__)
