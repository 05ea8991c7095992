"""Copying a PostgreSQL database with PostgreSQL's own program."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from headrace_service.ledger.database.files import copy_at
from headrace_service.ledger.errors import LedgerUnusable

PROGRAM = "pg_dump"

#: What of a connection all users of a machine could read on a command line.
SECRETS = ("password", "sslpassword")


def dump(url: str, target: Path, name: str) -> None:
    """Write a copy of a database, as it is at one moment, into a file that `pg_restore` reads.

    Args:
        url: where the database is. Its password is in the program's environment, and not on its
            command line; a key's password it cannot be told.
        target: the file; what is there is kept until the copy is whole.
        name: how people know the database.

    Raises:
        LedgerUnusable: `pg_dump` is not installed, or did not do it; the message says why.
    """
    known: dict[str, Any] = conninfo_to_dict(url)
    password = known.get("password")
    place = make_conninfo(**{key: value for key, value in known.items() if key not in SECRETS})
    command = [PROGRAM, "--format=custom", f"--dbname={place}"]
    if shutil.which(PROGRAM) is None:
        raise LedgerUnusable(
            f"{name} is a PostgreSQL database, which {PROGRAM} copies, and that is not installed "
            f"here; where it is, run {shlex.join([*command, f'--file={target}'])}"
        )
    environment = dict(os.environ)
    if password is not None:
        environment["PGPASSWORD"] = str(password)
    with copy_at(target) as file:
        done = subprocess.run(
            [*command, "--no-password", f"--file={file}"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            said = " ".join(done.stderr.decode(errors="replace").split())
            raise LedgerUnusable(f"{name} was not copied: {said}")
