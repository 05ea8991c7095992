"""The line in which a filter is typed."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static


class FilterBar(Widget):
    """A prompt and an input; the list follows every key."""

    class Changed(Message):
        """The text has changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """Typing is over; `keep` tells whether the filter stays."""

        def __init__(self, keep: bool) -> None:
            super().__init__()
            self.keep = keep

    def on_mount(self) -> None:
        """Out of sight until it is wanted."""
        self.display = False

    def compose(self) -> ComposeResult:
        """The prompt, the input."""
        yield Static(" / ", classes="prompt", markup=False)
        yield Input(id="filter-input", select_on_focus=False)

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(Input).value

    @property
    def is_open(self) -> bool:
        """Whether it is on the screen."""
        return self.display

    def open(self, placeholder: str) -> None:
        """Show it and take the focus."""
        self.display = True
        field = self.query_one(Input)
        field.placeholder = placeholder
        self.screen.set_focus(field)  # at once: the next key is the filter's

    def clear(self) -> None:
        """Forget what was typed."""
        self.query_one(Input).value = ""

    def close(self) -> None:
        """Leave the screen."""
        self.display = False

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Closed(keep=True))

    def on_key(self, event: events.Key) -> None:
        """Escape gives the filter up; the arrows go back to the list."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.post_message(self.Closed(keep=False))
        elif event.key in {"down", "up"}:
            event.stop()
            self.post_message(self.Closed(keep=True))
