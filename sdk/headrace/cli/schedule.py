"""`headrace schedule`: when deployments run by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from headrace.cli.output import (
    confirm,
    fail,
    found,
    json_option,
    perform,
    perform_all,
    show_fields,
    show_json,
    show_line,
    show_table,
)

_TIMES = ("cron", "intervalSeconds", "rrule")
_CHOICES = ("overlap", "catchup")


@click.group()
def command() -> None:
    """Look at schedules, add, change and pause them."""


def _options(function: Callable[..., None]) -> Callable[..., None]:
    """The options that describe a schedule, named as the fields of the schema's `ScheduleInput`."""
    for option in reversed(
        (
            click.option("--cron", help="A cron line, such as '0 8 * * 1'."),
            click.option(
                "--interval",
                "intervalSeconds",
                type=float,
                help="Seconds from one run to the next.",
            ),
            click.option("--anchor-date", "anchor", help="One of an interval's times."),
            click.option("--rrule", help="A recurrence rule of RFC 5545."),
            click.option("--timezone", help="The zone whose clocks count, such as Europe/Berlin."),
            click.option("--slug", help="A name by which a later deployment finds it."),
            click.option(
                "--overlap",
                type=click.Choice(["allow", "skip", "queue", "cancel_running"]),
                help="What becomes of a time at which an earlier run has not ended.",
            ),
            click.option(
                "--start-deadline",
                "startDeadlineSeconds",
                type=float,
                help="Seconds that a run may wait to begin.",
            ),
            click.option(
                "--catchup",
                type=click.Choice(["none", "latest", "all"]),
                help="What becomes of times that were missed.",
            ),
            click.option("--catchup-max", "catchupMax", type=int, help="How many, with all."),
            click.option(
                "--catchup-window",
                "catchupWindowSeconds",
                type=float,
                help="Seconds after which a missed time is not made up for.",
            ),
        )
    ):
        function = option(function)
    return function


@command.command("ls")
@click.argument("deployment", required=False)
@json_option
def list_schedules(deployment: str | None, as_json: bool) -> None:
    """List the schedules of all deployments, or of one."""
    from headrace.client import work

    if deployment is None:
        owners = perform_all(lambda after: work.deployments(after=after))
    else:
        owners = [found(perform(work.deployment(deployment)), f"deployment {deployment!r}")]
    listed = [(owner, each) for owner in owners for each in owner["schedules"]]
    if as_json:
        show_json([{**each, "deployment": owner["fullName"]} for owner, each in listed])
        return
    rows = [
        (each["id"], owner["fullName"], in_words(each), each["active"], each["nextFire"])
        for owner, each in listed
    ]
    show_table(("ID", "DEPLOYMENT", "WHEN", "ACTIVE", "NEXT"), rows)


@command.command()
@click.argument("id")
@json_option
def inspect(id: str, as_json: bool) -> None:
    """Show the schedule of this id."""
    one = _find(id)
    if as_json:
        show_json(one)
    else:
        show_fields(one)


@command.command()
@click.argument("deployment")
@_options
def create(deployment: str, **given: Any) -> None:
    """Give a deployment one more schedule."""
    from headrace.client import scheduling, work

    made = perform(scheduling.create_schedule(deployment, _input(given)))
    show_line(f"Created schedule {made['id']}: {in_words(made)}, next at {made['nextFire']}.")
    owner = perform(work.deployment(deployment)) or {}
    required = (owner.get("parameterSchema") or {}).get("required", ())
    if missing := [name for name in required if name not in owner["parameters"]]:
        names = ", ".join(map(repr, missing))
        show_line(f"Its runs will fail: the deployment has no value for {names}.", err=True)


@command.command()
@click.argument("id")
@_options
def edit(id: str, **given: Any) -> None:
    """Change the schedule of this id; what is not given stays."""
    from headrace.client import scheduling

    wanted, changes = scheduling.input_of_schedule(_find(id)), _input(given)
    if any(name in changes for name in _TIMES):
        wanted = {**wanted, **dict.fromkeys((*_TIMES, "anchor"))}
    made = perform(scheduling.update_schedule(id, {**wanted, **changes}))
    show_line(f"Changed schedule {made['id']}: {in_words(made)}, next at {made['nextFire']}.")


@command.command()
@click.argument("id")
def pause(id: str) -> None:
    """Let a schedule rest."""
    _set_active(id, False)


@command.command()
@click.argument("id")
def resume(id: str) -> None:
    """Let a schedule go on from now."""
    _set_active(id, True)


@command.command()
@click.argument("id")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(id: str, yes: bool) -> None:
    """Forget a schedule; its runs stay."""
    from headrace.client import scheduling

    confirm(f"schedule {id}", yes)
    perform(scheduling.delete_schedule(id))
    show_line(f"Deleted schedule {id}.", err=True)


def in_words(schedule: dict[str, Any]) -> str:
    """When it fires, in a few words."""
    zone = "" if schedule["timezone"] == "UTC" else f" {schedule['timezone']}"
    if schedule["cron"] is not None:
        return f"cron {schedule['cron']}{zone}"
    if schedule["rrule"] is not None:
        return f"rrule {schedule['rrule']}{zone}"
    return f"every {schedule['intervalSeconds']:g} s{zone}"


def _set_active(id: str, active: bool) -> None:
    from headrace.client import scheduling

    perform(scheduling.set_schedule_active(id, active))
    show_line(f"{'Resumed' if active else 'Paused'} schedule {id}.", err=True)


def _find(id: str) -> dict[str, Any]:
    from headrace.client import work

    for owner in perform_all(lambda after: work.deployments(after=after)):
        for each in owner["schedules"]:
            if each["id"] == id:
                return {**each, "deployment": owner["fullName"]}
    return fail(f"there is no schedule {id!r}; see `headrace schedule ls`")


def _input(given: dict[str, Any]) -> dict[str, Any]:
    """What was given of a schedule, in the schema's writing."""
    wanted = {name: value for name, value in given.items() if value is not None}
    return {name: value.upper() if name in _CHOICES else value for name, value in wanted.items()}
