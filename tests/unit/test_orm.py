"""peewee comes without psycopg, until it is asked for."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import headrace_service.ledger
import peewee
print("psycopg" in sys.modules)
for options in {"prefer_psycopg3": True}, {}:  # a program's own databases
    database = peewee.PostgresqlDatabase("postgresql://nobody@127.0.0.1:1/none", **options)
    try:
        database.connect()
    except peewee.OperationalError as error:
        print(type(error.__cause__ or error.__context__).__module__.split(".")[0])
"""


def test_psycopg_is_loaded_when_a_database_of_its_own_is_made() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "psycopg", "psycopg"]
