"""What is wrong with one row keeps nobody else waiting, whatever the database says of it."""

from __future__ import annotations

import peewee
import pytest

from headrace_service.ledger import Ledger
from headrace_service.ledger.apart import apart
from headrace_service.ledger.variables import set_variable, variable_by_name
from tests.recorder_kit import PATIENCE

#: Statements that a database does not take: nested too deep, and with too many values.
DEEP = ("SELECT 1" + " + 1" * 100_000, ())
MANY = ("SELECT 1 WHERE 1 IN ({})", (1,) * 300_000)


@pytest.mark.parametrize(("sql", "values"), [DEEP, MANY], ids=["deep", "many"])
def test_a_statement_that_is_too_much_is_that_rows_own(
    ledger: Ledger,
    sql: str,
    values: tuple[int, ...],
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
) -> None:
    failure = f"it cannot be done: {request.node.name}"  # one that was not yet told of

    def work(db: peewee.Database) -> None:
        with apart(db, failure):
            set_variable(db, "first", 1, [], False)
            db.execute_sql(sql.format(", ".join([db.param] * len(values))), values)
        with apart(db, failure):
            set_variable(db, "second", 2, [], False)

    ledger.write(work).result(PATIENCE)
    found = [ledger.read(variable_by_name, name).result() for name in ("first", "second")]
    assert [row is not None for row in found] == [False, True]
    assert caplog.messages == [failure]
