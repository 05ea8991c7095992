"""`headrace migrate` on a user's files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """\
from prefect import flow
from prefect_aws import S3Bucket

@flow
def f() -> int:
    return 1
"""


def migrate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with no terminal."""
    command = [sys.executable, "-m", "headrace", "migrate", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def make_project(folder: Path) -> Path:
    program = folder / "flows" / "etl.py"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    program.chmod(0o755)
    (folder / "requirements.txt").write_text("prefect==3.9.1\nprefect-aws\n")
    hidden = folder / ".venv" / "lib.py"
    hidden.parent.mkdir()
    hidden.write_text("import prefect\n")
    (folder / "data.bin").write_bytes(b"prefect\xff")
    return program


def test_the_difference_is_shown_and_nothing_written_without_a_yes(tmp_path: Path) -> None:
    program = make_project(tmp_path)
    shown = migrate(tmp_path, ".")
    assert shown.returncode == 0, shown.stderr
    assert "\n-from prefect import flow\n" in shown.stdout
    assert "\n+from headrace import flow\n" in shown.stdout
    assert "flows/etl.py:2: no counterpart: prefect_aws.S3Bucket" in shown.stdout
    assert "requirements.txt:2: no counterpart: prefect-aws" in shown.stdout
    assert "Nothing was written" in shown.stdout
    assert program.read_text() == PROGRAM


def test_yes_writes_in_place_and_keeps_the_rights(tmp_path: Path) -> None:
    program = make_project(tmp_path)
    written = migrate(tmp_path, "--yes", ".")
    assert "Changed 2 files." in written.stdout
    assert program.read_text() == PROGRAM.replace("from prefect ", "from headrace ")
    assert program.stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "requirements.txt").read_text() == "headrace\nprefect-aws\n"
    assert (tmp_path / ".venv" / "lib.py").read_text() == "import prefect\n"
    assert sorted(path.name for path in program.parent.iterdir()) == ["etl.py"]


def test_check_is_content_once_nothing_is_left_open(tmp_path: Path) -> None:
    program = make_project(tmp_path)
    migrate(tmp_path, "--yes", ".")
    checked = migrate(tmp_path, "--check", ".")
    package, point, last = checked.stdout.splitlines()
    assert point.startswith("flows/etl.py:2: no counterpart: prefect_aws.S3Bucket: ")
    assert package.startswith("requirements.txt:2: no counterpart: prefect-aws: ")
    assert (checked.returncode, last) == (1, "Nothing to replace, 2 open points named above.")
    (tmp_path / "requirements.txt").write_text("headrace\n")
    program.write_text("from headrace import flow\n")
    checked = migrate(tmp_path, "--check", ".")
    assert (checked.returncode, checked.stdout) == (
        0,
        "Nothing to do: there is no prefect in these files.\n",
    )


def test_check_tells_by_its_exit_code(tmp_path: Path) -> None:
    make_project(tmp_path)
    checked = migrate(tmp_path, "--check", "flows")
    assert checked.returncode == 1
    assert "1 file to change, 1 open point named above." in checked.stdout


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    missing = migrate(tmp_path, "nowhere")
    assert missing.returncode == 2
    assert "nowhere" in missing.stderr


def test_what_may_be_data_is_left_and_named_and_is_nothing_to_do(tmp_path: Path) -> None:
    program = tmp_path / "load.py"
    program.write_text('from prefect import flow\nBUCKET = "s3://prefect-prod"\n')
    written = migrate(tmp_path, "--yes", ".")
    assert 'load.py:2: left as it is: "s3://prefect-prod"\n' in written.stdout
    assert program.read_text() == 'from headrace import flow\nBUCKET = "s3://prefect-prod"\n'
    checked = migrate(tmp_path, "--check", ".")
    assert (checked.returncode, checked.stdout) == (
        0,
        'load.py:2: left as it is: "s3://prefect-prod"\nNothing to replace.\n',
    )


def test_a_description_of_deployments_is_named_whatever_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text("name: mine\n")
    checked = migrate(tmp_path, "--check", ".")
    assert checked.returncode == 1
    assert checked.stdout.startswith("prefect.yaml:1: no counterpart: prefect.yaml: ")
