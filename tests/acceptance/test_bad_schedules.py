"""Schedules that never fire, or are of no zone, given to the real commands and scripts."""

from __future__ import annotations

import contextlib

import pytest

from headrace.client import work
from tests.acceptance.scripts import Workplace

PROGRAM = """
import sys
from headrace import flow
from headrace.schedules import Cron

@flow
def never():
    pass

verb, cron, zone = sys.argv[1:]
if verb == "serve":
    never.serve("wrong", cron=cron, timezone=zone)
else:
    never.deploy("wrong", work_pool_name="pool", schedule=Cron(cron, timezone=zone))
"""
#: What is given, and what the line says that tells what is wrong with it.
WRONG = [
    (("0 0 31 2 *", "UTC"), ('"0 0 31 2 *"', "never comes to a time")),
    (("0 8 * * *", "Mars/Base"), ("Invalid timezone", '"Mars/Base"', "America/New_York")),
]
#: The same of the command.
REFUSED = [
    ("'0 0 31 2 *'", "never comes to a time"),
    ("'Mars/Base'", "Europe/Berlin"),
]


@pytest.mark.parametrize("workplace", ["service"], indirect=True)
def test_they_are_refused_where_they_are_given(workplace: Workplace) -> None:
    place = workplace
    place.write("never.py", PROGRAM)
    place.headrace("work-pool", "create", "pool")
    place.ask(work.apply_deployment({"flowName": "never", "name": "d", "workPoolName": "pool"}))
    with contextlib.ExitStack() as stack:
        scripts, commands = [], []
        for (cron, zone), parts in WRONG:
            for verb in ("serve", "deploy"):
                started = stack.enter_context(place.started("never.py", verb, cron, zone))
                scripts.append((started, parts))
        for ((cron, zone), _), parts in zip(WRONG, REFUSED, strict=True):
            given = ("schedule", "create", "never/d", "--cron", cron, "--timezone", zone)
            commands.append((stack.enter_context(place.started("-m", "headrace", *given)), parts))
        for script, parts in scripts:
            code, out, err = script.finish()
            assert (code, out) == (1, ""), err
            assert any(all(part in line for part in parts) for line in err.splitlines()), err
        for command, parts in commands:
            code, out, err = command.finish()
            assert (code, out, err.count("\n")) == (1, "", 1), err
            assert err.startswith("Error: ")
            assert all(part in err for part in parts), err
    (only,) = place.deployments()
    assert only["fullName"] == "never/d"
    assert only["schedules"] == []
