"""The server that tests have of their own does not outlive them, however they end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import subprocess, sys
from pathlib import Path
from tests.postgres import ended_with_us
end, folder = int(sys.argv[1]), Path(sys.argv[2])
server = subprocess.Popen(["sleep", "1000"], pass_fds=[end])
with ended_with_us(server.pid, folder):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_a_server_ends_with_tests_that_were_killed(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    hears, end = os.pipe()  # closed once all who have the other end are gone
    program = [sys.executable, "-c", PROGRAM, str(end), str(folder)]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[end]
    ) as tests:
        os.close(end)
        assert tests.stdout is not None
        assert tests.stdout.readline() == b"ready\n"
        tests.kill()
    assert os.read(hears, 1) == b""
    os.close(hears)
