"""Feeds on a real service: which look at a run counts, and messages without news."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

from headrace.client import AsyncClient
from headrace_service.server import RunningService
from headrace_tui.feeds import Feed, RunFeed, RunsFeed
from headrace_tui.gateway import Gateway
from headrace_tui.models import Page, Run
from headrace_tui.transcript import Transcript
from tests.tui.script import Script


class Slow(Gateway):
    """Pages stay on their way until they are let through."""

    def __init__(self, client: AsyncClient) -> None:
        super().__init__(client)
        self.read = asyncio.Event()
        self.let_through = asyncio.Event()

    async def flow_runs(
        self, after: str | None = None, filters: Mapping[str, object] | None = None
    ) -> Page:
        """Only what is asked for beside the events is slow."""
        page = await super().flow_runs(after, filters)
        return page if filters is None else await self._hold_back(page)

    async def task_runs(self, flow_run_id: str, after: str | None = None) -> Page:
        """Slow."""
        return await self._hold_back(await super().task_runs(flow_run_id, after))

    async def _hold_back(self, page: Page) -> Page:
        self.read.set()
        await self.let_through.wait()
        return page


class Idle(Gateway):
    """Before and after each message there is one without news, as from an idle service."""

    async def _listen(
        self, field: str, document: str, variables: Mapping[str, object]
    ) -> AsyncGenerator[dict[str, Any], None]:
        content = "lines" if field == "logs" else "events"
        yield {content: [], "cursor": variables["after"]}
        async with aclosing(super()._listen(field, document, variables)) as messages:
            async for message in messages:
                yield message
                yield {content: [], "cursor": message["cursor"]}


class News:
    """Counts a feed's news, and waits for what it is to bring."""

    def __init__(self, feed: Feed) -> None:
        self.count = 0
        self._more = asyncio.Event()
        feed.on_news = self._come

    def _come(self) -> None:
        self.count += 1
        self._more.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds."""
        async with asyncio.timeout(60):
            while not condition():
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def running(feed: Feed) -> AsyncGenerator[News, None]:
    """A feed that is started, and stopped in the end."""
    news = News(feed)
    feed.start()
    try:
        yield news
    finally:
        await feed.stop()


async def test_an_event_wins_over_a_page_that_was_asked_for_before(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    async with AsyncClient(service.url) as client:
        gateway, seen = Slow(client), dict[str, Run]()
        feed = RunsFeed(gateway)

        def state() -> str:
            seen.update(feed.take())
            return seen[str(run.id)].state.type if seen else ""

        async with running(feed) as news:
            await news.until(lambda: state() == "RUNNING")
            feed._next = None
            feed._paging = feed.spawn(_load_filtered(feed))
            await gateway.read.wait()
            script.enter(run, "COMPLETED", later=-3_600_000_000)
            await news.until(lambda: state() == "COMPLETED")
            gateway.let_through.set()
            await feed._paging
            assert state() == "COMPLETED"


async def _load_filtered(feed: RunsFeed) -> None:
    feed._filters = {"nameContains": "ibis"}
    await feed._load(None)


async def test_a_task_that_ends_while_the_tasks_are_loaded_has_ended(
    service: RunningService, script: Script
) -> None:
    run = script.flow()
    task = script.task(run)
    async with AsyncClient(service.url) as client:
        gateway, seen = Slow(client), dict[str, Run]()
        feed = RunFeed(gateway, str(run.id))

        def state() -> str:
            seen.update(feed.take_children())
            return seen[str(task.id)].state.type if seen else ""

        async with running(feed) as news:
            await gateway.read.wait()
            script.enter(task, "COMPLETED", later=-3_600_000_000)
            await news.until(lambda: state() == "COMPLETED")
            gateway.let_through.set()
            await news.until(lambda: not feed.loading_tasks)
            assert state() == "COMPLETED"


async def test_messages_without_news_are_none(service: RunningService, script: Script) -> None:
    run = script.flow()
    async with AsyncClient(service.url) as client:
        runs, one = RunsFeed(Idle(client)), RunFeed(Idle(client), str(run.id))
        async with running(runs) as news, running(one) as news_of_one:
            await news.until(lambda: runs.loaded)
            await news_of_one.until(lambda: not one.loading_tasks)
            before = news.count, news_of_one.count
            script.log(run, "a line")
            script.enter(run, "RUNNING", "Again")
            await news.until(lambda: runs.received == 1)
            await news_of_one.until(lambda: one.received == 1 and one.details is not None
                                    and one.details.run.state.name == "Again")  # fmt: skip
        assert not runs.failure + one.failure
        # The list: its change. The run: its line, its change, its history.
        assert (news.count - before[0], news_of_one.count - before[1]) == (1, 3)


async def test_a_transcript_is_whole_with_messages_without_news(
    service: RunningService, script: Script
) -> None:
    run = script.flow(name="calm-ibis")
    async with AsyncClient(service.url) as client:
        told = []
        async for event in Transcript(Idle(client), str(run.id)).events():
            told.append(event.state.type if isinstance(event, Run) else event.message)
            if len(told) == 1:
                script.log(run, "a line")
            if told[-1] == "a line":
                script.enter(run, "COMPLETED")
    assert told == ["RUNNING", "a line", "COMPLETED"]
