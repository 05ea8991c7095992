"""`headrace migrate`: programs written for Prefect become headrace's."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from headrace.migration import Left, Open, integrations, open_points, rewrite
from headrace.text import counted

#: Files that programs and their set-up consist of.
_ENDINGS = frozenset(
    {".py", ".pyi", ".ipynb", ".toml", ".yaml", ".yml", ".cfg", ".ini", ".env"}
    | {".txt", ".md", ".rst", ".sh", ".json"}
)
_NAMES = frozenset({"Dockerfile", "Makefile", ".env", "Procfile"})
#: Folders whose files are not the user's own.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "build", "dist"})
#: Where Prefect's users describe deployments; the name alone tells whose it is.
_DESCRIPTIONS = ("prefect.yaml", "prefect.yml")
_MAX_SIZE = 2_000_000


class Change:
    """A file, its text now, and its text to be, which may be the same; and what in it was left."""

    def __init__(self, path: Path, before: str) -> None:
        rewritten = rewrite(path.name, before)
        self.path = path
        self.before = before
        self.after = rewritten.text
        self.left: list[Left] = rewritten.left

    @property
    def is_one(self) -> bool:
        """Whether there is anything to replace."""
        return self.after != self.before

    def difference(self) -> Iterator[str]:
        """The lines of a unified diff."""
        name = str(self.path)
        lines = self.before.splitlines(keepends=True), self.after.splitlines(keepends=True)
        yield from difflib.unified_diff(*lines, fromfile=name, tofile=name)

    def write(self) -> None:
        """Put the new text in the file's place, in one step, with the rights that it has."""
        draft = self.path.with_name(f".{self.path.name}.headrace-migrate")
        try:
            with open(draft, "w", encoding="utf-8", newline="") as file:
                file.write(self.after)
            draft.chmod(self.path.stat().st_mode)
            os.replace(draft, self.path)
        finally:
            draft.unlink(missing_ok=True)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--yes", is_flag=True, help="Write without asking.")
@click.option("--check", is_flag=True, help="Write nothing; exit by 1 if there is anything to do.")
def command(paths: tuple[Path, ...], yes: bool, check: bool) -> None:
    """Make headrace's what is Prefect's in files and folders: imports, names, PREFECT_ variables.

    Other strings with the word in them may be your data: they are left as they are, and named.
    Shows the difference first, names what has no counterpart, and asks before it writes.
    """
    looked_at = list(_changes(paths))
    changes = [change for change in looked_at if change.is_one]
    for change in changes:
        for line in change.difference():
            click.echo(_coloured(line.rstrip("\r\n")))
            if not line.endswith("\n"):
                click.echo("\\ No newline at end of file")
    points = sum(map(_tell_open, looked_at))
    left = sum(map(_tell_left, looked_at))
    if not changes:
        if not points and not left:
            click.echo("Nothing to do: there is no prefect in these files.")
            return
        click.echo(f"Nothing to replace{_named(points)}.")
        if not points:
            return
        raise SystemExit(1 if check else 0)
    count = counted(len(changes), "file")
    tail = _named(points)
    if check:
        click.echo(f"{count} to change{tail}.")
        raise SystemExit(1)
    if not yes and not _asked(f"Change {count}{tail}?"):
        click.echo("Nothing was written. `--yes` writes without asking.")
        return
    for change in changes:
        try:
            change.write()
        except OSError as error:
            raise click.ClickException(
                f"{change.path}: {error.strerror}; the files before it were changed"
            ) from None
    click.echo(f"Changed {count}.")


def _changes(paths: Iterable[Path]) -> Iterator[Change]:
    seen = set()
    for path in paths:
        files = [path] if path.is_file() else _files_in(path)
        for file in files:
            if file.resolve() in seen:
                continue
            seen.add(file.resolve())
            try:
                # Line ends stay as they are.
                with open(file, encoding="utf-8", newline="") as opened:
                    before = opened.read()
            except (UnicodeDecodeError, OSError) as error:
                click.echo(f"{file}: left alone, it cannot be read as text: {error}", err=True)
                continue
            may_name = "prefect" in before.lower() or file.name in _DESCRIPTIONS
            if may_name or (file.suffix == ".py" and "headrace" in before):
                yield Change(file, before)


def _files_in(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name not in _SKIPPED and not name.startswith(".")
        )
        for name in sorted(names):
            path = Path(place, name)
            if (path.suffix in _ENDINGS or name in _NAMES) and path.stat().st_size <= _MAX_SIZE:
                yield path


def _tell_open(change: Change) -> int:
    """Name what of a file has no counterpart; how many things those are."""
    points = open_points(change.after) if change.path.suffix == ".py" else []
    if change.path.name in _DESCRIPTIONS:
        points = [Open(1, change.path.name, "describe deployments in Python: flow.deploy(...)")]
    elif not points:
        points = list(integrations(change.after))
    for point in points:
        warning = click.style("no counterpart", fg="yellow")
        click.echo(f"{change.path}:{point.line}: {warning}: {point.name}: {point.advice}")
    return len(points)


def _tell_left(change: Change) -> int:
    """Name the lines of a file that were left as they are; how many those are."""
    for each in change.left:
        shown = each.text if len(each.text) <= 100 else each.text[:99] + "…"
        click.echo(f"{change.path}:{each.line}: left as it is: {shown}")
    return len(change.left)


def _named(points: int) -> str:
    return f", {counted(points, 'open point')} named above" if points else ""


def _asked(question: str) -> bool:
    """Whether the user says yes; nobody is there to say it where the input is no terminal."""
    return os.isatty(0) and click.confirm(question, default=False)


def _coloured(line: str) -> str:
    if line.startswith(("+++", "---")):
        return click.style(line, bold=True)
    if line.startswith("@@"):
        return click.style(line, fg="cyan")
    if line.startswith("+"):
        return click.style(line, fg="green")
    return click.style(line, fg="red") if line.startswith("-") else line
