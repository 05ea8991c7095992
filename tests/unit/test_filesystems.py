"""Files in a folder or anywhere else, and nowhere outside of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from headrace.filesystems import LocalFileSystem, NullFileSystem, RemoteFileSystem
from headrace.results.storages import resolve_result_storage


def test_a_folder(tmp_path: Path) -> None:
    folder = LocalFileSystem.model_validate({"basepath": tmp_path})
    assert folder.write_path("a/b.txt", b"hello") == str(tmp_path / "a" / "b.txt")
    assert folder.read_path("a/b.txt") == b"hello"
    assert folder.read_path(str(tmp_path / "a" / "b.txt")) == b"hello"
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_the_current_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    LocalFileSystem().write_path("x", b"1")
    assert (tmp_path / "x").read_bytes() == b"1"


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x"])
def test_a_folder_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    folder = LocalFileSystem(basepath=str(tmp_path))
    with pytest.raises(ValueError, match="is outside of the base path"):
        folder.write_path(path, b"")
    with pytest.raises(ValueError, match="is outside of the base path"):
        folder.read_path(path)


def test_what_is_not_there(tmp_path: Path) -> None:
    folder = LocalFileSystem(basepath=str(tmp_path))
    (tmp_path / "sub").mkdir()
    with pytest.raises(ValueError, match=r"Path .*/no does not exist\.$"):
        folder.read_path("no")
    with pytest.raises(ValueError, match=r"Path .*/sub is not a file\.$"):
        folder.read_path("sub")
    with pytest.raises(ValueError, match=r"sub already exists and is not a file\.$"):
        folder.write_path("sub", b"")


def test_a_write_that_fails_leaves_the_old_content_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = LocalFileSystem(basepath=str(tmp_path))
    folder.write_path("x", b"old")

    def full(self: Path, content: bytes) -> int:
        with open(self, "wb") as file:
            file.write(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        folder.write_path("x", b"new")
    assert folder.read_path("x") == b"old"
    assert os.listdir(tmp_path) == ["x"]


async def test_awaited_in_coroutines(tmp_path: Path) -> None:
    folder: Any = LocalFileSystem(basepath=str(tmp_path))
    await folder.write_path("x", b"1")
    assert await folder.read_path("x") == b"1"
    await folder.awrite_path("x", b"2")
    assert await folder.aread_path("x") == b"2"
    assert folder.read_path("x", _sync=True) == b"2"


def test_folders_are_copied_without_what_is_ignored(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for name in ("a.py", "b.pyc", "sub/c.py", "sub/d.pyc", "build/e.py", "keep.pyc"):
        file = source / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (source / ".headraceignore").write_text("# compiled\n*.pyc\nbuild/\n!keep.pyc\n")
    LocalFileSystem(basepath=str(source)).get_directory(local_path=str(target))
    copied = {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}
    assert copied == {"a.py", "sub/c.py", "keep.pyc", ".headraceignore"}

    kept = LocalFileSystem(basepath=str(tmp_path / "kept"))
    kept.put_directory(str(source), "deep", ignore_file=str(source / ".headraceignore"))
    assert kept.read_path("deep/sub/c.py") == b"sub/c.py"
    with pytest.raises(ValueError, match="does not exist"):
        kept.read_path("deep/b.pyc")


def test_any_address_of_fsspec(tmp_path: Path) -> None:
    memory = RemoteFileSystem(basepath="memory://bucket/results")
    assert memory.write_path("a/b", b"1") == "memory://bucket/results/a/b"
    assert memory.read_path("a/b") == b"1"
    assert RemoteFileSystem(basepath="memory://bucket").read_path("results/a/b") == b"1"
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "x").write_bytes(b"x")
    assert memory.put_directory(str(tmp_path / "up"), "folder") == 1
    assert memory.put_directory(str(tmp_path / "up"), "folder", overwrite=False) == 0
    memory.get_directory("folder", str(tmp_path / "down"))
    assert (tmp_path / "down" / "x").read_bytes() == b"x"


@pytest.mark.parametrize(
    "path",
    [
        "memory://other/x",
        "memory://bucket/resultsandmore/x",
        "memory://bucket/results/../x",
        "memory://bucket/results/%2e%2e/x",
        "s3://bucket/results/x",
        "../x",
    ],
)
def test_an_address_leads_nowhere_else(path: str) -> None:
    with pytest.raises(ValueError, match=r"outside of the base path|must use the same scheme"):
        RemoteFileSystem(basepath="memory://bucket/results").read_path(path)


@pytest.mark.parametrize(
    ("basepath", "message"),
    [
        ("results", "must start with a scheme"),
        ("memory://", "must include a location"),
        ("file://x/y", "cannot be 'file'"),
    ],
)
def test_addresses_that_are_none(basepath: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RemoteFileSystem(basepath=basepath)


def test_a_missing_package_is_told() -> None:
    with pytest.raises(RuntimeError, match="missing a Python module required"):
        RemoteFileSystem(basepath="s3://bucket").read_path("x")


async def test_nothing_is_kept() -> None:
    nowhere = NullFileSystem()
    await nowhere.write_path("x", b"1")
    assert await nowhere.read_path("x") is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("some/folder/deep", LocalFileSystem(basepath="some/folder/deep")),
        (Path("p"), LocalFileSystem(basepath="p")),
        ("file:///tmp/x", LocalFileSystem(basepath="/tmp/x")),
        ("memory://x", RemoteFileSystem(basepath="memory://x")),
    ],
)
def test_what_a_result_storage_may_be(named: object, expected: object) -> None:
    assert resolve_result_storage(named) == expected
    with pytest.raises(TypeError, match="Got unsupported type 'int'"):
        resolve_result_storage(3)
