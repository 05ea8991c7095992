"""Leases of slots that nobody renews."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future
from uuid import UUID

import uuid_utils.compat as uuids

from headrace.concurrency import clock
from headrace.concurrency.keeper import Keeper
from headrace.records import SlotAnswer, SlotRequest
from tests.recorder_kit import PATIENCE


class Silent:
    """Slots of a service that takes what it is asked, and never answers."""

    def acquire(self, request: SlotRequest) -> Future[SlotAnswer]:
        return Future()

    def release(self, lease_id: UUID) -> Future[list[UUID]]:
        return Future()

    def renew(self, leases: Iterable[tuple[UUID, float]]) -> Future[list[UUID]]:
        return Future()

    def close(self) -> None:
        """There is nothing to close."""


def test_a_lease_ends_by_its_holders_clock_though_the_service_does_not_answer() -> None:
    keeper, lease, other = Keeper(), uuids.uuid7(), uuids.uuid7()
    ended = threading.Event()
    # The answer that told of the one has been under way for longer than the lease.
    keeper.keep(other, Silent(), 3600.0, clock.now(), ended.clear)
    keeper.keep(lease, Silent(), 600.0, clock.now() - 600, ended.set)
    assert ended.wait(PATIENCE)
    assert not keeper.leave(lease)
    assert keeper.leave(other)
