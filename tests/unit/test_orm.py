"""peewee comes without psycopg, until it is asked for."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import headrace_service.ledger
import peewee
print("psycopg" in sys.modules)
import psycopg
from headrace_service.ledger.orm import use_psycopg
use_psycopg()
use_psycopg()
database = peewee.PostgresqlDatabase("postgresql://nobody@127.0.0.1:1/none", prefer_psycopg3=True)
try:
    database.connect()
except peewee.OperationalError as error:
    print(type(error.__cause__ or error.__context__).__module__.split(".")[0])
"""


def test_psycopg_is_loaded_when_it_is_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["False", "psycopg"]
