"""Log lines: the short cut and the long way are told apart only by who else listens."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from headrace import flow, get_run_logger, task
from headrace.logging import (
    ROOT,
    LogEavesdropper,
    disable_run_logger,
    ensure_logging,
    get_logger,
)
from headrace.logging.handlers import APILogHandler, HeadraceConsoleHandler
from headrace.logging.loggers import flow_run_logger
from headrace.records import MAX_TEXT, LogLine
from headrace.settings import get_settings
from tests.run_kit import ListRecorder


@contextlib.contextmanager
def listening(
    handler: logging.Handler | None = None, logger: logging.Logger = ROOT
) -> Iterator[None]:
    """Nobody listens but our own handlers, and perhaps `handler`: the test tool adds its own."""
    for other in list(ROOT.handlers):
        if "headrace" not in type(other).__module__:
            ROOT.removeHandler(other)
    if handler is not None:
        logger.addHandler(handler)
    yield
    if handler is not None:
        logger.removeHandler(handler)


#: Both ways that a line can take: the long one if somebody else listens.
both_ways = pytest.mark.parametrize(
    "other",
    [pytest.param(None, id="short cut"), pytest.param(logging.NullHandler(), id="long way")],
)


def lines(recorder: ListRecorder) -> list[LogLine]:
    """The lines that were recorded, without the engine's own."""
    own = ("Created ", "Finished ")
    return [
        line
        for line in recorder.records
        if isinstance(line, LogLine) and not line.message.startswith(own)
    ]


@both_ways
def test_both_ways_make_the_same_line(
    recorder: ListRecorder, other: logging.Handler | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = io.StringIO()
    monkeypatch.setattr(sys, "stderr", console)

    @task
    def step() -> None:
        get_run_logger().warning("found %d in %s", 3, "a file")

    @flow
    def pipeline() -> None:
        step()

    with listening(other):
        pipeline()
    (line,) = lines(recorder)
    assert (line.level, line.logger, line.message) == (
        30,
        "headrace.task_runs",
        "found 3 in a file",
    )
    assert line.flow_run_id
    assert line.task_run_id
    form = r"\d\d:\d\d:\d\d\.\d{3} \| WARNING \| Task run 'step' - found 3 in a file"
    assert re.fullmatch(form, console.getvalue().splitlines()[1])


def in_a_flow(*calls: tuple[int, object, tuple[object, ...]]) -> None:
    @flow
    def pipeline() -> None:
        for level, message, args in calls:
            get_run_logger().log(level, message, *args)

    pipeline()


@both_ways
def test_levels(recorder: ListRecorder, other: logging.Handler | None) -> None:
    with listening(other):
        in_a_flow((10, "debug", ()), (20, "info", ()), (25, "odd", ()), (50, "critical", ()))
    assert [line.message for line in lines(recorder)] == ["info", "odd", "critical"]


@both_ways
def test_levels_are_recorded_within_bounds(
    recorder: ListRecorder, other: logging.Handler | None
) -> None:
    with listening(other):
        in_a_flow((1000, "highest", ()), (5000, "above", ()))
    assert [line.level for line in lines(recorder)] == [1000, 1000]
    level: Any = "INFO"
    with pytest.raises(TypeError, match="level must be an integer, unlike 'INFO'"):
        in_a_flow((level, "text", ()))


@both_ways
def test_long_lines_are_cut_with_a_marker(
    recorder: ListRecorder, other: logging.Handler | None
) -> None:
    with listening(other):
        in_a_flow((20, "x" * 1_000_000, ()))
    (line,) = lines(recorder)
    assert line.message[:MAX_TEXT] == "x" * MAX_TEXT
    assert line.message[MAX_TEXT:] == "… [cut: the whole is 1,000,000 characters long]"


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.parametrize(
    ("message", "args", "expected"),
    [
        ("%d files", ("three",), "%d files [could not be formatted with ('three'): "),
        ("%s", (1, 2), "%s [could not be formatted with (1, 2): "),
        ("%s", (Broken(),), "%s [could not be formatted with (<Broken>): no text]"),
        ("%(a)s and %(b)s", ({"a": 1, "b": 2},), "1 and 2"),
        ("100%", (), "100%"),
        ("a\ud800", (), "a?"),
        (3, (), "3"),
    ],
)
@both_ways
def test_a_format_that_fails_breaks_nothing(
    recorder: ListRecorder,
    other: logging.Handler | None,
    message: object,
    args: tuple[object, ...],
    expected: str,
) -> None:
    with listening(other):
        in_a_flow((20, message, args))
    (line,) = lines(recorder)
    assert line.message.startswith(expected)


@both_ways
def test_a_traceback_is_part_of_the_line(
    recorder: ListRecorder, other: logging.Handler | None
) -> None:
    @flow
    def pipeline() -> None:
        try:
            raise ValueError("deep down")
        except ValueError:
            get_run_logger().exception("it went wrong")

    pipeline()
    (line,) = lines(recorder)
    assert line.message.startswith("it went wrong\nTraceback (most recent call last):")
    assert line.message.endswith("ValueError: deep down")


def test_handlers_of_the_users_get_ordinary_records(recorder: ListRecorder) -> None:
    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(record)

    @flow
    def pipeline() -> None:
        get_run_logger().info("hello %s", "you", extra={"colour": "red"})

    kept: list[logging.LogRecord] = []
    with listening(Keeper(), get_logger("flow_runs")):
        pipeline()
    (record,) = [record for record in kept if record.getMessage() == "hello you"]
    assert (record.pathname, record.funcName) == (__file__, "pipeline")
    assert vars(record)["colour"] == "red"
    assert vars(record)["flow_name"] == "pipeline"
    assert "task_run_id" not in vars(record)
    # And it is in the ledger all the same.
    assert [line.message for line in lines(recorder)] == ["hello you"]


def test_filters_are_heeded(recorder: ListRecorder) -> None:
    logger = get_logger("headrace.flow_runs")

    def refuse(record: logging.LogRecord) -> bool:
        return "secret" not in record.getMessage()

    logger.addFilter(refuse)
    try:
        in_a_flow((20, "a secret", ()), (20, "no such thing", ()))
    finally:
        logger.removeFilter(refuse)
    assert [line.message for line in lines(recorder)] == ["no such thing"]


def test_other_loggers_below_ours_belong_to_the_run_they_are_used_in(
    recorder: ListRecorder,
) -> None:
    @flow
    def pipeline() -> None:
        get_logger("my.module").info("hello")

    pipeline()
    get_logger("my.module").info("to nobody")
    (line,) = lines(recorder)
    assert (line.logger, line.message) == ("headrace.my.module", "hello")
    assert line.flow_run_id is not None


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_a_console_that_is_gone_breaks_nothing(
    recorder: ListRecorder, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None
) -> None:
    if stream is not None:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    with listening():
        in_a_flow((20, "hello", ()))
    assert [line.message for line in lines(recorder)] == ["hello"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colours_are_for_terminals(
    recorder: ListRecorder,
    monkeypatch: pytest.MonkeyPatch,
    no_color: str,
    coloured: bool,
) -> None:
    console = Terminal()
    monkeypatch.setattr(sys, "stderr", console)
    monkeypatch.setenv("NO_COLOR", no_color)
    with listening():
        in_a_flow((40, "red", ()))
    assert ("\x1b[31mERROR  \x1b[0m" in console.getvalue()) == coloured


def test_prints_to_files_are_left_alone(recorder: ListRecorder) -> None:
    elsewhere = io.StringIO()

    @flow(log_prints=True)
    def pipeline() -> None:
        print("a", "b", sep="-", end="!\n")
        print("to a file", file=elsewhere)
        print("an error", file=sys.stderr)

    pipeline()
    assert [line.message for line in lines(recorder)] == ["a-b!", "an error"]
    assert elsewhere.getvalue() == "to a file\n"


def test_a_handler_that_prints_does_not_log_for_ever(
    recorder: ListRecorder, capfd: pytest.CaptureFixture[str]
) -> None:
    class Printer(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            print("handled", record.getMessage())

    @flow(log_prints=True)
    def pipeline() -> None:
        print("once")

    with listening(Printer(), get_logger("flow_runs")):
        pipeline()
    assert [line.message for line in lines(recorder)] == ["once"]
    assert "handled once" in capfd.readouterr().out


def test_other_loggers_can_be_recorded_too(recorder: ListRecorder) -> None:
    other = logging.getLogger("other.library")

    @task
    def step() -> None:
        other.info("from the library")

    @flow
    def pipeline() -> None:
        step()

    settings = replace(get_settings(), logging_extra_loggers=["other"])
    before = list(ROOT.handlers)
    ROOT.handlers.clear()
    try:
        ensure_logging(settings)
        other.info("outside of every run")
        pipeline()
    finally:
        ROOT.handlers[:] = before
        logging.getLogger("other").handlers.clear()
    (line,) = lines(recorder)
    assert (line.logger, line.message) == ("other.library", "from the library")
    assert line.task_run_id


def test_run_loggers_can_be_silenced(recorder: ListRecorder) -> None:
    @task
    def step() -> str:
        get_run_logger().info("not heard")
        return get_run_logger().name

    with disable_run_logger():
        assert step.fn() == "null"

        @flow
        def pipeline() -> None:
            step()

        pipeline()
    assert lines(recorder) == []


def test_what_a_run_logger_puts_on_its_lines(recorder: ListRecorder) -> None:
    heard: list[logging.LogRecord] = []

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record)

    def hook(flow: Any, flow_run: Any, state: Any) -> None:
        flow_run_logger(flow_run, flow, why="a hook").info("done")

    @flow(on_completion=[hook])
    def pipeline() -> None:
        logger = get_run_logger(customer="x")
        assert logger.extra["flow_name"] == "pipeline"
        logger.getChild("part", {"piece": 1}).info("hello")

    with listening(Ear()):
        pipeline()
    hello, done = [record for record in heard if record.msg in ("hello", "done")]
    carried = ("customer", "piece", "flow_name", "flow_run_id")
    assert hello.name == "headrace.flow_runs.part"
    assert [getattr(hello, name) for name in carried[:3]] == ["x", 1, "pipeline"]
    assert hello.flow_run_id == done.flow_run_id  # type: ignore[attr-defined]
    assert done.why == "a hook"  # type: ignore[attr-defined]
    assert {line.message for line in lines(recorder)} == {"hello", "done"}


def test_listening_to_a_logger() -> None:
    with LogEavesdropper("some.library", logging.WARNING) as heard:
        logging.getLogger("some.library.part").warning("careful")
        logging.getLogger("some.library").info("never mind")
    assert heard.text() == "[WARNING]: careful"


def test_handlers_for_loggers_of_ones_own(recorder: ListRecorder) -> None:
    console = io.StringIO()
    own = logging.getLogger("etl")
    own.setLevel(logging.INFO)
    own.propagate = False
    on_console = HeadraceConsoleHandler(console, level="ERROR")
    on_record = APILogHandler()

    @flow
    def pipeline() -> None:
        own.info("kept")
        own.error("shown", extra={"send_to_api": False})

    with listening(on_console, own), listening(on_record, own):
        own.info("belongs to no run")
        pipeline()
    assert [line.message for line in lines(recorder)] == ["kept"]
    assert console.getvalue() == "shown\n"
