"""What the screens share: head and foot, filters, pausing, and painting at a steady pace."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from textual import events, on
from textual.screen import Screen

from headrace_tui.actions import Action, Scope, actions, bindings
from headrace_tui.feeds import Feed
from headrace_tui.filters import Filter, parse
from headrace_tui.format import Piece
from headrace_tui.gateway import Gateway
from headrace_tui.models import Run
from headrace_tui.widgets.filter_bar import FilterBar
from headrace_tui.widgets.lines import HeadLine, KeyLine
from headrace_tui.widgets.virtual_log import VirtualLog
from headrace_tui.widgets.virtual_view import VirtualView

if TYPE_CHECKING:
    from headrace_tui.app import MonitorApp

#: The least and the most time between two paints of new data, in seconds.
FASTEST, SLOWEST = 0.04, 0.15


class MonitorScreen(Screen[None]):
    """A screen on a feed. News asks for a flush; a flush applies all of it and paints once."""

    BINDINGS = bindings(Scope.SCREEN)
    AUTO_FOCUS = None

    scopes: tuple[Scope, ...] = (Scope.SCREEN,)
    filter_hint = "state:failed name:… tag:… text   (enter keeps, esc clears)"

    def __init__(self) -> None:
        super().__init__()
        self.paused = False
        self.trouble_only = False
        self.interval = FASTEST
        self._flush_waits = False
        self._listening = False

    @property
    def monitor(self) -> MonitorApp:
        """The application, by its own type."""
        return cast("MonitorApp", self.app)

    @property
    def gateway(self) -> Gateway:
        """The door to the service."""
        return self.monitor.gateway

    # -- what a subclass says -------------------------------------------------------------------

    @property
    def feed(self) -> Feed:
        """The feed of what this screen shows."""
        raise NotImplementedError

    def crumbs(self) -> list[str]:
        """Where this is."""
        raise NotImplementedError

    def apply_news(self) -> None:
        """Apply what the feed has gathered."""
        raise NotImplementedError

    def tick(self) -> None:
        """A second has passed."""
        raise NotImplementedError

    def retime(self) -> None:
        """Times of day are shown in another way."""
        self.tick()

    def apply_filter(self, chosen: Filter) -> None:
        """Show what passes a filter."""
        raise NotImplementedError

    def selected_run(self) -> Run | None:
        """The run that copying and opening are about."""
        raise NotImplementedError

    def main_view(self) -> VirtualView:
        """The view that gets the focus when a dialog closes."""
        raise NotImplementedError

    def held_back(self) -> int:
        """How many changes wait while painting is paused."""
        return 0

    # -- the frame ------------------------------------------------------------------------------

    def head_line(self) -> HeadLine:
        """The line at the head."""
        return HeadLine(self.crumbs, self.monitor.status, id="head")

    def key_line(self) -> KeyLine:
        """The line of keys at the foot."""
        return KeyLine(self.active_actions, id="keys")

    def active_actions(self) -> list[Action]:
        """The actions that are understood now, the nearest first."""
        near = [Scope.LOG] if isinstance(self.focused, VirtualLog) else []
        return actions(*near, *self.scopes, Scope.SCREEN, Scope.LIST, Scope.APP)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Other keys are understood with another focus."""
        self.query_one("#keys", KeyLine).update()

    # -- listening ------------------------------------------------------------------------------

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Listen while this screen is seen."""
        if not self._listening:
            self._listening = True
            self.feed.start()
        self.tick()

    async def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        """Another view has the screen: listen no more. A dialog leaves this one in sight."""
        if self.monitor.is_covered_by_view():
            await self.stop_listening()

    async def on_unmount(self) -> None:
        """This view is left for good."""
        await self.stop_listening()

    async def stop_listening(self) -> None:
        """Close the subscriptions; what is known is kept."""
        self._listening = False
        await self.feed.stop()

    async def listen_anew(self) -> None:
        """Close the subscriptions and open them at once, after the last cursors."""
        await self.stop_listening()
        self._listening = True
        self.feed.failure = ""
        self.feed.start()

    # -- painting -------------------------------------------------------------------------------

    def request_flush(self) -> None:
        """Apply the feed's news soon; asked again before that, it is still one flush."""
        if not self._flush_waits and self.is_attached:
            self._flush_waits = True
            self.set_timer(self.interval, self._paint_news)

    def _paint_news(self) -> None:
        self._flush_waits = False
        if not self.is_attached:
            return
        if self.paused:
            self.update_lines()
            return
        begin = time.thread_time()
        self.apply_news()
        self.call_after_refresh(self._measure, begin)

    def _measure(self, begin: float) -> None:
        """Leave three quarters of the time to others, whatever a paint costs here."""
        cost = time.thread_time() - begin
        self.interval = min(max(4 * cost, FASTEST), SLOWEST)

    def update_lines(self) -> None:
        """Redraw the lines around the lists, if what they say has changed."""
        raise NotImplementedError

    def pause_pieces(self) -> list[Piece]:
        """A word on pausing, for whoever has a line."""
        if not self.paused:
            return []
        waiting = self.held_back()
        return [(f" paused, +{waiting:,} new " if waiting else " paused ", "tab"), (" ", "text")]

    # -- actions --------------------------------------------------------------------------------

    def action_toggle_pause(self) -> None:
        """Hold the picture, or let it go on."""
        self.paused = not self.paused
        self.update_lines()
        self.request_flush()

    def action_toggle_failed(self) -> None:
        """Only what failed or crashed, or all."""
        self.trouble_only = not self.trouble_only
        self._filter_changed()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open(self.filter_hint)

    def action_copy_id(self) -> None:
        """Copy the selected run's id."""
        run = self.selected_run()
        if run is None:
            self.app.bell()
            return
        self.app.copy_to_clipboard(run.id)
        self.notify(f"Copied {run.id}", timeout=2, markup=False)

    @property
    def filter_text(self) -> str:
        """What is typed in the filter."""
        return self.query_one(FilterBar).text

    def clear_filter(self) -> bool:
        """Show all again. Returns whether there was a filter."""
        if not self.filter_text and not self.trouble_only:
            return False
        self.trouble_only = False
        self.query_one(FilterBar).clear()
        self._filter_changed()
        return True

    @on(FilterBar.Changed)
    def _filter_typed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._filter_changed()

    @on(FilterBar.Closed)
    def _filter_closed(self, event: FilterBar.Closed) -> None:
        event.stop()
        bar = self.query_one(FilterBar)
        if not event.keep:
            bar.clear()
        bar.close()
        self.main_view().focus()

    def _filter_changed(self) -> None:
        self.apply_filter(parse(self.filter_text, trouble_only=self.trouble_only))
        self.update_lines()
