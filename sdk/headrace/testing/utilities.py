"""What tests of flows need: a ledger of their own, and some questions that they often ask."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import msgspec

from headrace.recorder import shutdown
from headrace.settings import get_settings


@contextlib.contextmanager
def headrace_test_harness(server_startup_timeout: float | None = None) -> Iterator[None]:
    """Let everything within, in the whole process, use a new ledger that is thrown away after.

    Runs, results, variables, blocks and limits are those of the harness alone. No service is
    started: none is needed.

    Args:
        server_startup_timeout: has no effect; programs written for Prefect give it.
    """
    with tempfile.TemporaryDirectory(prefix="headrace-test-") as folder:
        own = msgspec.structs.replace(get_settings(), home=Path(folder), api_url=None)
        with get_settings.replace(own):
            try:
                yield
            finally:
                _let_go()


def _let_go() -> None:
    """Close what stands open of the ledger: the recorder, and what else was needed of it."""
    shutdown()
    if (shared := sys.modules.get("headrace.client.shared")) is not None:
        shared.close()
    if (slots := sys.modules.get("headrace.concurrency.slots")) is not None:
        slots.close_slots()


def exceptions_equal(a: BaseException, b: BaseException) -> bool:
    """Whether two exceptions are of one type and say the same, as after being pickled."""
    return a == b or (type(a) is type(b) and a.args == b.args)


@contextlib.contextmanager
def assert_does_not_warn(ignore_warnings: list[type[Warning]] | None = None) -> Iterator[None]:
    """Fail if anything within warns, but for the kinds in `ignore_warnings`.

    Raises:
        AssertionError: something warned.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for kind in ignore_warnings or ():
            warnings.filterwarnings("ignore", category=kind)
        try:
            yield
        except Warning as warning:
            raise AssertionError(f"Warning was raised. {warning!r}") from warning
