"""The service dies, in the middle of everything: nothing is lost, nothing is there twice."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.faults.processes import Service, recorded, running
from tests.recorder_kit import until


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


def test_a_script_outlives_its_service(service: Service, home: Path) -> None:
    with running(service.environment, "lines_until_told") as script:
        assert script.hear() == "recording"
        for _ in range(3):
            before = service.path.stat().st_size + wal_size(service.path)
            until(
                lambda before=before: (  # type: ignore[misc]
                    service.path.stat().st_size + wal_size(service.path) > before + 50_000
                ),
                "records flow in",
            )
            service.kill()
            until(lambda: any((home / "spool").glob("*.spool")), "the script spools")
            service.restart()
        out, err = script.finish()
    count, settled = out.split()
    assert settled == "ACKNOWLEDGED"
    assert int(count) > 1_000
    assert recorded(service.path) == numbers(int(count))
    assert "is away" in err
    assert list((home / "spool").iterdir()) == []


def wal_size(path: Path) -> int:
    wal = path.with_name(path.name + "-wal")
    return wal.stat().st_size if wal.exists() else 0


def test_what_a_killed_script_had_spooled_is_sent_by_the_next(service: Service, home: Path) -> None:
    with running(service.environment, "spooled_lines", "5000") as script:
        assert script.hear() == "connected"
        service.kill()
        script.tell()
        assert script.hear() == "spooled"
        script.kill()
    assert len(list((home / "spool").glob("*.spool"))) == 1
    service.restart()
    with running(service.environment, "one_line", "the next") as script:
        assert script.finish() == ("", "")
        assert script.code == 0
    messages = recorded(service.path)
    assert sorted(messages) == sorted([*numbers(5_000), "the next"])
    assert [message for message in messages if message != "the next"] == numbers(5_000)
    assert list((home / "spool").iterdir()) == []


def test_several_processes_may_find_the_same_leftovers(service: Service, home: Path) -> None:
    for _ in range(2):
        with running(service.environment, "spooled_lines", "2000") as script:
            assert script.hear() == "connected"
            service.kill()
            script.tell()
            assert script.hear() == "spooled"
            script.kill()
        service.restart()
        # The second script would replay what the first one left: it is hidden from it.
        for path in (home / "spool").glob("*.spool"):
            path.rename(path.with_suffix(".hidden"))
    for path in (home / "spool").glob("*.hidden"):
        path.rename(path.with_suffix(".spool"))
    with (
        running(service.environment, "one_line", "a") as first,
        running(service.environment, "one_line", "b") as second,
        running(service.environment, "one_line", "c") as third,
    ):
        for process in (first, second, third):
            assert process.finish() == ("", "")
    assert sorted(recorded(service.path)) == sorted([*numbers(2_000) * 2, "a", "b", "c"])
    assert list((home / "spool").iterdir()) == []


def test_an_interrupted_end_keeps_what_a_hanging_service_did_not_take(
    service: Service, home: Path
) -> None:
    environment = {**service.environment, "HEADRACE_SETTLE_TIMEOUT": "5"}
    with running(environment, "lines_at_an_interrupted_end", "3000") as script:
        assert script.hear() == "connected"
        service.signal(signal.SIGSTOP)
        script.tell()
        assert script.hear() == "ending"
        script.signal(signal.SIGINT)
        _, err = script.finish()
    assert "records wait in" in err
    assert len(list((home / "spool").glob("*.spool"))) == 1
    service.signal(signal.SIGCONT)
    with running(service.environment, "one_line", "the next") as script:
        assert script.finish() == ("", "")
    messages = recorded(service.path)
    assert [message for message in messages if message != "the next"] == numbers(3_000)
    assert len(messages) == 3_001


def test_a_full_disk_holds_the_script_up_and_loses_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {**service.environment, "HEADRACE_RECORDER_BUFFER": "4000"}
    with running(environment, "lines_on_a_full_disk", "10000") as script:
        assert script.hear() == "connected"
        service.kill()
        script.tell()
        assert script.hear() == "the disk is full"
        service.restart()
        out, err = script.finish()
    assert out == "ACKNOWLEDGED"
    assert "cannot write to" in err
    assert recorded(service.path) == numbers(10_000)
