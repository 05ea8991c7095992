"""The spool: batches on disk, first in first out, owned by one process."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headrace.recorder.spool import Spool, leftovers

TARGET = "http://127.0.0.1:4200"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = Spool.create(tmp_path / "spool", "a", TARGET)
    yield made
    made.close()


def drain(spool: Spool) -> list[bytes]:
    payloads = []
    while (first := spool.first()) is not None:
        payloads.append(first[0])
        spool.drop_first()
    return payloads


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """Files may grow to `size` bytes: to a writer, a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_first_in_first_out(spool: Spool) -> None:
    for number in range(5):
        spool.append(b"batch %d" % number, 2)
    assert (len(spool), spool.records) == (5, 10)
    assert spool.first() == (b"batch 0", 2)
    assert spool.first() == (b"batch 0", 2)
    assert drain(spool) == [b"batch %d" % number for number in range(5)]
    assert (len(spool), spool.records) == (0, 0)


def test_appending_and_dropping_may_alternate(spool: Spool) -> None:
    spool.append(b"1", 1)
    spool.append(b"2", 1)
    spool.drop_first()
    spool.append(b"3", 1)
    assert drain(spool) == [b"2", b"3"]
    spool.append(b"4", 1)
    assert drain(spool) == [b"4"]


def test_an_emptied_spool_gives_its_room_back(spool: Spool) -> None:
    empty = spool.path.stat().st_size
    spool.append(b"x" * 100_000, 1)
    drain(spool)
    assert spool.path.stat().st_size == empty


def test_an_empty_one_leaves_no_file(spool: Spool) -> None:
    spool.append(b"1", 1)
    drain(spool)
    spool.close()
    spool.close()
    assert list(leftovers(spool.path.parent)) == []


def test_what_waits_is_found_again(spool: Spool) -> None:
    for payload in (b"1", b"2", b"3"):
        spool.append(payload, 7)
    spool.drop_first()
    spool.close()
    adopted = Spool.adopt(spool.path, TARGET)
    assert adopted is not None
    assert (len(adopted), adopted.records) == (2, 14)
    adopted.append(b"4", 1)
    assert drain(adopted) == [b"2", b"3", b"4"]
    adopted.close()


def test_a_living_owners_spool_is_not_adopted(spool: Spool) -> None:
    spool.append(b"1", 1)
    assert Spool.adopt(spool.path, TARGET) is None
    spool.close()
    first = Spool.adopt(spool.path, TARGET)
    assert first is not None
    assert Spool.adopt(spool.path, TARGET) is None
    first.close()


def test_batches_go_only_where_they_were_to_go(spool: Spool) -> None:
    spool.append(b"1", 1)
    spool.close()
    assert Spool.adopt(spool.path, "http://127.0.0.1:9999") is None
    assert spool.path.exists()


def damage(spool: Spool, place: int, value: bytes) -> list[bytes]:
    """Write over a left spool's content; which batches are found in it."""
    content = bytearray(spool.path.read_bytes())
    content[place : place + len(value)] = value
    spool.path.write_bytes(content)
    adopted = Spool.adopt(spool.path, TARGET)
    assert adopted is not None
    assert len(adopted) == adopted.records
    adopted.append(b"{more}", 1)
    assert len(adopted) == adopted.records
    found = drain(adopted)
    adopted.close()
    assert not spool.path.exists()
    assert found[-1] == b"{more}"
    return found[:-1]


BATCHES = [b"{%d%s}" % (number, b"x" * 300) for number in range(6)]


@pytest.fixture
def left(spool: Spool) -> Spool:
    """Six batches that a process left."""
    for batch in BATCHES:
        spool.append(batch, 1)
    spool.close()
    return spool


@pytest.mark.parametrize("part", ["length", "checksum", "payload"])
@pytest.mark.parametrize("number", [0, 2])
def test_a_damaged_batch_is_left_out_and_kept_aside(
    left: Spool, part: str, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    before = left.path.read_bytes()
    frame = before.index(BATCHES[number]) - 12
    place = {"length": frame, "checksum": frame + 8, "payload": frame + 20}[part]
    others = [batch for batch in BATCHES if batch is not BATCHES[number]]
    assert damage(left, place, b"\x7f") == others
    copy = left.path.with_suffix(".damaged")
    assert len(copy.read_bytes()) == len(before)
    assert "5 records in it are sound" in caplog.text
    assert str(copy) in caplog.text


def test_zeros_at_the_end_are_no_batches(left: Spool, caplog: pytest.LogCaptureFixture) -> None:
    size = left.path.stat().st_size
    assert damage(left, size, bytes(5_000)) == BATCHES
    assert "is damaged" in caplog.text


@pytest.mark.parametrize("note", [b"x", b"9"])
def test_a_damaged_note_of_the_place_sends_everything_again(left: Spool, note: bytes) -> None:
    assert damage(left, left.path.read_bytes().index(b"\n") + 1, note) == BATCHES


def test_damage_is_told_once(left: Spool, caplog: pytest.LogCaptureFixture) -> None:
    content = left.path.read_bytes()
    left.path.write_bytes(content.replace(b"{2", b"{?").replace(b"{4", b"{?"))
    for _ in range(2):
        adopted = Spool.adopt(left.path, TARGET)
        assert adopted is not None
        adopted.drop_first()
        adopted.close()
    adopted = Spool.adopt(left.path, TARGET)
    assert adopted is not None
    assert drain(adopted) == [BATCHES[3], BATCHES[5]]
    adopted.close()
    assert caplog.text.count("is damaged") == 1


def test_a_damaged_file_that_cannot_be_copied_is_left_alone(
    left: Spool, caplog: pytest.LogCaptureFixture
) -> None:
    content = left.path.read_bytes().replace(b"{2", b"{?")
    left.path.write_bytes(content)
    with file_size_limit(1_000):
        assert Spool.adopt(left.path, TARGET) is None
    assert left.path.read_bytes() == content
    assert "is left alone" in caplog.text
    assert [path.name for path in left.path.parent.iterdir()] == [left.path.name]


@pytest.mark.parametrize("content", [b"", b"no JSON\n", b'{"format":99}\n', b'{"format":1}\n'])
def test_what_is_no_spool_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.spool"
    path.write_bytes(content)
    assert Spool.adopt(path, TARGET) is None
    assert path.read_bytes() == content


@pytest.mark.parametrize("cut", [1, 5, 11])
def test_a_batch_that_was_cut_short_ends_the_file(
    spool: Spool, cut: int, caplog: pytest.LogCaptureFixture
) -> None:
    spool.append(b"whole", 1)
    spool.append(b"second", 1)
    spool.close()
    content = spool.path.read_bytes()
    spool.path.write_bytes(content[:-cut])
    adopted = Spool.adopt(spool.path, TARGET)
    assert adopted is not None
    adopted.append(b"third", 1)
    assert drain(adopted) == [b"whole", b"third"]
    adopted.close()
    assert caplog.text == ""
    assert list(spool.path.parent.iterdir()) == []


def test_a_spoilt_batch_ends_the_file(spool: Spool) -> None:
    spool.append(b"whole", 1)
    spool.append(b"second", 1)
    spool.close()
    spool.path.write_bytes(spool.path.read_bytes().replace(b"second", b"sexond"))
    adopted = Spool.adopt(spool.path, TARGET)
    assert adopted is not None
    assert drain(adopted) == [b"whole"]
    adopted.close()


def test_a_full_disk_refuses_a_batch_and_harms_no_other(spool: Spool) -> None:
    spool.append(b"1", 1)
    with file_size_limit(4096), pytest.raises(OSError, match="too large"):
        spool.append(b"x" * 10_000, 1)
    spool.append(b"2", 1)
    assert drain(spool) == [b"1", b"2"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file stands where the folder should")
    with pytest.raises(OSError, match="spool"):
        Spool.create(tmp_path / "spool", "a", TARGET)


def test_the_end_of_a_process_frees_its_spool(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from headrace.recorder.spool import Spool\n"
        f"spool = Spool.create(Path(sys.argv[1]), 'dead', {TARGET!r})\n"
        "spool.append(b'left behind', 1); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        (path,) = leftovers(tmp_path)
        assert Spool.adopt(path, TARGET) is None
        process.kill()
        process.wait()
    adopted = Spool.adopt(path, TARGET)
    assert adopted is not None
    assert drain(adopted) == [b"left behind"]
    adopted.close()
    assert list(leftovers(tmp_path)) == []
