"""Flows travel by value: made in one process, opened in another that has none of their files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headrace import bundles, flow
from headrace.bundles import make_bundle, open_bundle
from headrace.exceptions import BundleError

MAKE = """
import pathlib, sys
from headrace import flow, task
from headrace.bundles import make_bundle
import bundled_helpers

class Point:
    def __init__(self, x): self.x = x

@task(retries=2)
def double(x): return bundled_helpers.twice(x)

@flow(name="inner")
def inner(x): return double.fn(x)

@flow(name="outer", retries=3)
def outer(x: int = 1):
    return Point(inner.fn(x)).x + outer.retries

content, about = make_bundle(outer)
pathlib.Path("bundle").write_bytes(content)
"""

OPEN = """
import pathlib, platform, sys
from headrace.bundles import open_bundle

flow = open_bundle(pathlib.Path(sys.argv[1]).read_bytes(), {"python": platform.python_version()})
print(flow.name, flow.retries, flow.fn(4), flow.shape.validate({"x": "4"}))
"""


#: Makes a bundle as they were made when `bundles` itself knew how to take flows and code apart.
MAKE_EARLIER = """
from headrace import bundles, pickling
for name in ("bare", "code_of_file"):
    function = getattr(pickling, name)
    function.__module__, function.__qualname__ = "headrace.bundles", f"_{name}"
"""


def run(folder: Path, program: str, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_bundles_that_were_made_earlier_are_opened(tmp_path: Path) -> None:
    (tmp_path / "bundled_helpers.py").write_text("def twice(x): return 2 * x\n")
    (tmp_path / "make.py").write_text(MAKE_EARLIER + MAKE)
    run(tmp_path, "import runpy; runpy.run_path('make.py', run_name='__main__')")
    content = (tmp_path / "bundle").read_bytes()
    assert b"_code_of_file" in content
    assert b"_bare" in content
    assert run(tmp_path, OPEN, str(tmp_path / "bundle")).startswith("outer 3 11")


def test_a_flow_takes_along_what_it_is_made_of(tmp_path: Path) -> None:
    made, elsewhere = tmp_path / "made", tmp_path / "elsewhere"
    made.mkdir()
    elsewhere.mkdir()
    (made / "bundled_helpers.py").write_text("def twice(x):\n    return 2 * x\n")
    run(made, MAKE)
    (made / "bundled_helpers.py").unlink()
    assert run(elsewhere, OPEN, str(made / "bundle")) == "outer 3 11 {'x': 4}\n"


def test_a_bundle_of_another_python_is_refused_before_it_is_opened() -> None:
    with pytest.raises(BundleError, match=r"bundled by Python 2\.7\.18, and Python 3"):
        open_bundle(b"not opened", {"python": "2.7.18"})


def test_a_package_that_is_missing_is_named() -> None:
    content = b"\x80\x04\x8c\x0fno_such_package\x94\x8c\x01x\x94\x93\x94."
    with pytest.raises(BundleError, match="needs the module 'no_such_package'"):
        open_bundle(content, {"python": sys.version.split()[0]})


def test_what_cannot_travel_is_told_with_the_mend(tmp_path: Path) -> None:
    program = (
        "import threading\nfrom headrace import flow\nfrom headrace.bundles import make_bundle\n"
        "from headrace.exceptions import BundleError\n\nlock = threading.Lock()\n\n"
        "@flow\ndef f():\n    return lock\n\n"
        "try:\n    make_bundle(f)\nexcept BundleError as error:\n    print(error)\n"
    )
    told = run(tmp_path, program)
    assert told.startswith("flow 'f' cannot travel by value: ")
    assert "lock" in told


def test_packages_that_a_flow_uses_are_known_with_their_versions() -> None:
    import platform

    import msgspec

    @flow
    def uses() -> bytes:
        return msgspec.json.encode(1)

    content, about = make_bundle(uses)
    assert about["packages"] == {"msgspec": msgspec.__version__}
    python = platform.python_version()
    other = {"python": python, "packages": {"msgspec": "0.1", "nowhere": "2"}}
    with pytest.raises(BundleError) as refused:
        open_bundle(content[:-20], other)
    assert f"msgspec was 0.1 there and is {msgspec.__version__} here" in str(refused.value)
    assert "nowhere 2 is not installed here" in str(refused.value)
    assert open_bundle(content, other).fn() == b"1"


def test_a_bundle_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    @flow
    def small() -> None: ...

    monkeypatch.setattr(bundles, "MAX_BYTES", 10)
    with pytest.raises(BundleError, match="flow 'small' is too large to travel by value"):
        make_bundle(small)


FAILING = """
import pathlib
from headrace import flow
from headrace.bundles import make_bundle

@flow
def fails():
    raise ValueError("here")

content, about = make_bundle(fails)
pathlib.Path("bundle").write_bytes(content)
"""

SHOWS = """
import pathlib, platform, traceback
from headrace.bundles import open_bundle

flow = open_bundle(pathlib.Path("bundle").read_bytes(), {"python": platform.python_version()})
try:
    flow.fn()
except ValueError:
    print(traceback.format_exc())
"""


def test_a_traceback_shows_the_lines_of_a_file_that_is_elsewhere(tmp_path: Path) -> None:
    sent = tmp_path / "sent.py"
    sent.write_text(FAILING)
    subprocess.run([sys.executable, sent], cwd=tmp_path, check=True)
    sent.unlink()
    shown = run(tmp_path, SHOWS)
    assert 'File "sent.py", line 8, in fails\n    raise ValueError("here")' in shown
