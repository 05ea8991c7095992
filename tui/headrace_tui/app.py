"""The monitor: a Textual application on a gateway."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual import events
from textual.app import App
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import ModalScreen, Screen
from textual.theme import BUILTIN_THEMES
from textual.widgets import Input

from headrace.client import AsyncClient
from headrace.exceptions import ServiceError
from headrace_tui import format as fmt
from headrace_tui.actions import Action, Scope, bindings
from headrace_tui.gateway import Gateway, NoSuchRun
from headrace_tui.models import Connection, Link
from headrace_tui.screens.base import MonitorScreen
from headrace_tui.screens.help import HelpScreen
from headrace_tui.screens.run import RunScreen
from headrace_tui.screens.runs import RunsScreen

#: How often the service is asked how it is, in seconds.
PING_EVERY = 5.0

TIMES = ("local", "utc", "relative")

_ANSI = BUILTIN_THEMES["ansi-dark"]

#: The terminal's own colours and background, so that it is readable on dark and on light.
TERMINAL_THEME = replace(
    _ANSI,
    name="terminal",
    primary="ansi_bright_blue",  # plain blue is hard to read on black
    accent="ansi_magenta",
    variables={
        **_ANSI.variables,
        "block-cursor-background": "ansi_cyan",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-background": "ansi_cyan",
        "border-blurred": "ansi_bright_black",
    },
)


class RegistryCommands(Provider):
    """The command palette's commands: what the registry has for the view on the screen."""

    def _commands(self) -> list[tuple[Action, Callable[[], Any]]]:
        app = self.app
        assert isinstance(app, MonitorApp)
        return [
            (action, partial(app.run_command, action, self.screen))
            for action in app.actions_of(self.screen)
            if action.scope is not Scope.LIST and action.command != "command_palette"
        ]

    async def discover(self) -> Hits:
        """All commands."""
        for action, run in self._commands():
            yield DiscoveryHit(action.help, run, help=action.shown_keys)

    async def search(self, query: str) -> Hits:
        """The commands that fit what is typed."""
        matcher = self.matcher(query)
        for action, run in self._commands():
            if (score := matcher.match(action.help)) > 0:
                yield Hit(score, matcher.highlight(action.help), run, help=action.shown_keys)


class MonitorApp(App[int]):
    """The application.

    Args:
        url: the service's address, such as `http://127.0.0.1:4200`.
        label: what to call it, when the address would tell a person nothing.
        ascii_only: use no symbols outside of ASCII.
        run_id: open this flow run at once.
        handle_signals: leave in order on SIGTERM and SIGHUP; for the main thread alone.
    """

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "headrace"
    BINDINGS = bindings(Scope.APP)
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {RegistryCommands}
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    def __init__(
        self,
        url: str,
        *,
        label: str = "",
        ascii_only: bool = False,
        run_id: str | None = None,
        handle_signals: bool = False,
    ) -> None:
        # Textual picks the way to leave colours out before a theme can be chosen; the way that it
        # picks for themes of its own would draw black on black in the terminal's colours.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.url = url
        self.label = label or url.split("://", 1)[-1]
        self.ascii_only = ascii_only
        self.times = TIMES[0]
        self.client = AsyncClient(url)
        self.gateway = Gateway(self.client)
        self.gateway.on_connection = self._connection_changed
        self._first_run = run_id
        self._handle_signals = handle_signals
        self.register_theme(TERMINAL_THEME)
        self.theme = TERMINAL_THEME.name
        self.animation_level = "none"

    def get_default_screen(self) -> Screen[Any]:
        """The list of flow runs."""
        return RunsScreen()

    async def on_mount(self) -> None:
        """Begin to watch the connection and the clock."""
        self.set_class(self.ascii_only, "-ascii")
        self.set_interval(1.0, self._tick)
        self.run_worker(self._watch_connection(), group="connection", exit_on_error=False)
        if self._first_run is not None:
            self.run_worker(self._open_first(self._first_run), exit_on_error=False)
        if self._handle_signals:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self.exit, 128 + number)

    async def on_unmount(self) -> None:
        """Close the connection."""
        await self.client.close()

    async def _open_first(self, run_id: str) -> None:
        try:
            details = await self.gateway.flow_run(run_id)
        except (NoSuchRun, ServiceError):
            self.notify(f"There is no run {run_id}.", severity="error", timeout=20, markup=False)
            return
        await self.push_screen(RunScreen(details.run))

    # -- the connection -------------------------------------------------------------------------

    async def _watch_connection(self) -> None:
        while True:
            with contextlib.suppress(ServiceError):  # an answer, if not the one wanted
                await self.gateway.ping()
            await asyncio.sleep(PING_EVERY)

    def _connection_changed(self) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, MonitorScreen) and screen.is_mounted:
                screen.update_lines()

    def status(self) -> tuple[str, str, Connection]:
        """For the head line: the service's name, the time of day, the connection."""
        now = fmt.clock(time.time_ns() // 1000, utc=self.times == "utc")
        return self.label, now + ("Z" if self.times == "utc" else ""), self.gateway.connection

    def loading_lines(self) -> tuple[str, ...]:
        """What to say while there is nothing to show yet."""
        connection = self.gateway.connection
        if connection.link is Link.AWAY:
            return (
                f"No answer from {self.url}.",
                fmt.one_line(connection.reason),
                "",
                "It is tried again and again; ctrl+r tries at once.",
                "`headrace server start` starts a service.",
            )
        if connection.link is Link.REFUSED:
            return (f"{self.url} refuses: {fmt.one_line(connection.reason)}",)
        return ()

    # -- views ----------------------------------------------------------------------------------

    def _view(self) -> MonitorScreen | None:
        """The view on top; None under a dialog, and while its parts come or, at the end, go."""
        if not self.is_running or not isinstance(self.screen, MonitorScreen):
            return None
        return self.screen if self.screen.is_mounted else None

    def _tick(self) -> None:
        if (view := self._view()) is not None:
            view.tick()

    def is_covered_by_view(self) -> bool:
        """Whether the screen on top is a view of its own, and no dialog."""
        return not isinstance(self.screen, ModalScreen)

    def actions_of(self, screen: Screen[Any]) -> list[Action]:
        """The actions that a screen understands now."""
        return screen.active_actions() if isinstance(screen, MonitorScreen) else []

    async def run_command(self, action: Action, screen: Screen[Any]) -> None:
        """Carry out an action of the palette where it belongs."""
        target: Any = self
        if action.scope is Scope.LOG:
            target = screen.focused or screen
        elif action.scope is not Scope.APP:
            target = screen
        await self.run_action(action.command, default_namespace=target)

    def on_key(self, event: events.Key) -> None:
        """A key that was pressed before the filter had opened, and arrives after: it is typed."""
        field = self.focused
        if isinstance(field, Input) and event.is_printable and event.character:
            field.insert_text_at_cursor(event.character)
            event.prevent_default()

    # -- actions --------------------------------------------------------------------------------

    async def action_back(self) -> None:
        """Give up the filter, else leave the view, else the application."""
        if (view := self._view()) is not None and view.clear_filter():
            return
        if len(self.screen_stack) > 1:
            self.pop_screen()
        else:
            self.exit(0)

    async def action_quit(self) -> None:
        """Leave the application."""
        self.exit(0)

    def action_help(self) -> None:
        """Show the keys."""
        self.push_screen(HelpScreen(self.actions_of(self.screen)))

    async def action_reconnect(self) -> None:
        """Try the connection again now."""
        self.gateway.retry_now()
        if (view := self._view()) is not None:
            await view.listen_anew()

    def action_cycle_times(self) -> None:
        """Local times, UTC's, or how long ago."""
        self.times = TIMES[(TIMES.index(self.times) + 1) % len(TIMES)]
        self.notify(f"Times: {self.times}", timeout=1.5)
        if (view := self._view()) is not None:
            view.retime()

    def action_save_picture(self) -> None:
        """Save this view as an SVG file in the present folder."""
        path = Path(self.save_screenshot(path="."))
        self.notify(f"Saved {path.name}", timeout=3, markup=False)
