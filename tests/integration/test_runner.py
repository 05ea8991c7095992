"""What serves deployments lets their schedules rest when it ends."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from headrace import flow
from headrace.client import work
from headrace.client.shared import ask
from headrace.exceptions import ServiceError, ServiceUnreachable
from headrace.runner import Runner, runner
from headrace.runner.host import Host
from tests.run_kit import Book


@flow
def tick() -> None: ...


async def serving() -> Runner:
    made = Runner()
    await made.add_flow(tick, name="hourly", interval=3600)
    return made


async def is_paused() -> bool:
    deployment = await ask(work.deployment("tick/hourly"))
    assert deployment is not None
    return bool(deployment["paused"])


async def test_deployments_rest_after_each_start(book: Book) -> None:
    made = await serving()
    for _ in range(2):
        await ask(work.set_deployment_paused("tick/hourly", False))
        await made.start(run_once=True)
        assert await is_paused()


async def test_deployments_rest_in_the_end_though_the_service_was_away_at_first(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, asked = await serving(), 0

    async def away_at_first(operation: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise ServiceUnreachable("away")
        return await ask(operation)

    class StoppedByItself(Host):
        async def _claim(self, *given: Any) -> tuple[int, float]:
            self.stop()
            return await super()._claim(*given)

    monkeypatch.setattr(runner, "ask", away_at_first)
    monkeypatch.setattr(runner, "Host", StoppedByItself)
    await made.start()
    assert await is_paused()


async def test_what_goes_wrong_in_pausing_is_told_though_there_is_another_error(book: Book) -> None:
    async def rest() -> None:
        raise LookupError("it could not rest")

    class Broken(Host):
        async def _claim(self, *given: Any) -> tuple[int, float]:
            self._stop()
            await super()._claim(*given)
            raise ServiceError("it cannot go on")

    with pytest.raises(LookupError) as caught:
        await Broken("host", deployment_ids=[UUID(int=1)], rest=rest).run()
    assert isinstance(caught.value.__context__, ServiceError)
