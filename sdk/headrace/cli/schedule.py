"""`headrace schedule`: when deployments run by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from headrace.cli import completing
from headrace.cli.looks import moment
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
@click.argument("deployment", required=False, shell_complete=completing.deployments)
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
        (
            each["id"],
            each["slug"],
            owner["fullName"],
            in_words(each),
            _activity(owner, each),
            moment(each["nextFire"]),
        )
        for owner, each in listed
    ]
    show_table(("ID", "SLUG", "DEPLOYMENT", "WHEN", "ACTIVE", "NEXT"), rows)


def _activity(owner: dict[str, Any], schedule: dict[str, Any]) -> str:
    """Whether it makes runs, and why not if nothing of its own keeps it from that."""
    if not schedule["active"]:
        return "no"
    if owner["paused"]:
        return "deployment paused"
    return "yes" if schedule["nextFire"] else "over"


@command.command()
@click.argument("schedule")
@json_option
def inspect(schedule: str, as_json: bool) -> None:
    """Show a schedule, by its id or slug."""
    one = _find(schedule)
    if as_json:
        show_json(one)
    else:
        show_fields(one)


@command.command()
@click.argument("deployment", shell_complete=completing.deployments)
@_options
def create(deployment: str, **given: Any) -> None:
    """Give a deployment one more schedule."""
    from headrace.client import scheduling, work

    made = perform(scheduling.create_schedule(deployment, _input(given)))
    show_line(f"Created schedule {made['id']}: {_told(made)}.")
    owner = perform(work.deployment(deployment)) or {}
    required = (owner.get("parameterSchema") or {}).get("required", ())
    if missing := [name for name in required if name not in owner["parameters"]]:
        names = ", ".join(map(repr, missing))
        show_line(f"Its runs will fail: the deployment has no value for {names}.", err=True)


@command.command()
@click.argument("schedule")
@_options
def edit(schedule: str, **given: Any) -> None:
    """Change a schedule, by its id or slug; what is not given stays."""
    from headrace.client import scheduling

    before, changes = _find(schedule), _input(given)
    wanted = scheduling.input_of_schedule(before)
    if any(name in changes for name in _TIMES):
        wanted = {**wanted, **dict.fromkeys((*_TIMES, "anchor"))}
    made = perform(scheduling.update_schedule(before["id"], {**wanted, **changes}))
    show_line(f"Changed schedule {made['id']}: {_told(made)}.")


@command.command()
@click.argument("schedule")
def pause(schedule: str) -> None:
    """Let a schedule rest, by its id or slug."""
    _set_active(_id_of(schedule), False)


@command.command()
@click.argument("schedule")
def resume(schedule: str) -> None:
    """Let a schedule go on from now, by its id or slug."""
    _set_active(_id_of(schedule), True)


@command.command()
@click.argument("schedule")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(schedule: str, yes: bool) -> None:
    """Forget a schedule, by its id or slug; its runs stay."""
    from headrace.client import scheduling

    id = _id_of(schedule)
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


def _told(schedule: dict[str, Any]) -> str:
    """When it fires, and when next."""
    return f"{in_words(schedule)}, next at {moment(schedule['nextFire'])}"


def _set_active(id: str, active: bool) -> None:
    from headrace.client import scheduling

    perform(scheduling.set_schedule_active(id, active))
    show_line(f"{'Resumed' if active else 'Paused'} schedule {id}.", err=True)


def _id_of(schedule: str) -> str:
    from headrace.client import work

    return schedule if work.is_id(schedule) else str(_find(schedule)["id"])


def _find(schedule: str) -> dict[str, Any]:
    """The schedule of this id, or else the only one of this slug."""
    from headrace.client import work

    name = "id" if work.is_id(schedule) else "slug"
    fitting = [
        {**each, "deployment": owner["fullName"], "deploymentPaused": owner["paused"]}
        for owner in perform_all(lambda after: work.deployments(after=after))
        for each in owner["schedules"]
        if each[name] == schedule
    ]
    if not fitting:
        fail(f"there is no schedule {schedule!r}; see `headrace schedule ls`")
    if len(fitting) > 1:
        owners = ", ".join(each["deployment"] for each in fitting)
        fail(f"several deployments have a schedule {schedule!r}: {owners}; use its id")
    return fitting[0]


def _input(given: dict[str, Any]) -> dict[str, Any]:
    """What was given of a schedule, in the schema's writing."""
    wanted = {name: value for name, value in given.items() if value is not None}
    return {name: value.upper() if name in _CHOICES else value for name, value in wanted.items()}
