"""`headrace server database` and `headrace server retention`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headrace.cli import server
from headrace.exceptions import HomeUnusable
from headrace_service.ledger import Ledger
from headrace_service.ledger.migrations import LATEST
from tests.builders import Stream, enters, flow_run, state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ledger = Ledger.open(tmp_path / "ledger.db")
    run = flow_run()
    ledger.append(Stream().batch(run, enters(run, state("COMPLETED")))).result()
    ledger.close()
    return tmp_path / "ledger.db"


def run(*arguments: str, path: Path) -> Result:
    return CliRunner().invoke(server.command, [*arguments, "--database", str(path)])


def told(*arguments: str, path: Path) -> Any:
    answer = run(*arguments, "--json", path=path)
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def test_the_ledger_as_a_whole(path: Path) -> None:
    assert told("database", "upgrade", path=path) == {"from": LATEST, "to": LATEST}
    assert told("database", "info", path=path)["rows"]["flow_run"] == 1
    copy = path.with_name("copy.db")
    assert told("database", "backup", str(copy), path=path)["bytes"] == copy.stat().st_size
    refused = run("database", "backup", str(copy), path=path)
    assert (refused.exit_code, "--overwrite" in refused.stderr) == (1, True)
    assert told("database", "vacuum", path=path)["freed"] >= 0
    refused = run("database", "reset", path=path)
    assert (refused.exit_code, "--yes" in refused.stderr) == (1, True)
    assert told("database", "info", path=path)["rows"]["flow_run"] == 1
    assert told("database", "reset", "--yes", path=path)["deleted"] > 1
    assert told("database", "info", path=path)["rows"]["flow_run"] == 0


def test_retention_counts_first_and_deletes_then(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_SERVER_RETENTION_RUNS", "0.0000001")
    rows = {row["kind"]: row for row in told("retention", "--dry-run", path=path)}
    assert (rows["run"]["due"], rows["run"]["deleted"]) == (1, 0)
    rows = {row["kind"]: row for row in told("retention", "--run", path=path)}
    assert rows["run"]["now"] == rows["run"]["deleted"] > 1
    assert told("database", "info", path=path)["rows"]["flow_run"] == 0
    table = run("retention", path=path).output
    assert table.splitlines()[0].split() == ["KIND", "KEPT", "DELETED", "UNTIL"]
    assert run("retention", "--run", "--dry-run", path=path).exit_code == 1


def test_a_new_ledger_is_told_and_a_mistyped_folder_is_not_made(tmp_path: Path) -> None:
    made = run("database", "upgrade", path=tmp_path / "new.db")
    assert made.stderr == f"New ledger at {tmp_path / 'new.db'}\n"
    assert run("database", "upgrade", path=tmp_path / "new.db").stderr == ""
    mistyped = tmp_path / "nowhere" / "new.db"
    for arguments in (("database", "upgrade"), ("database", "info"), ("retention",), ("start",)):
        refused = run(*arguments, path=mistyped).exception
        assert isinstance(refused, HomeUnusable)
        assert f"there is no folder {mistyped.parent} " in str(refused)
    assert not mistyped.parent.exists()
