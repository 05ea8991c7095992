"""`headrace automation`: what is done once events have, or have not, happened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from headrace.cli.looks import moment
from headrace.cli.output import (
    confirm,
    fail,
    json_option,
    perform,
    show_fields,
    show_json,
    show_line,
    show_list,
)

#: What a trigger's line of description leaves out.
_CONDITIONS = ("after", "for_each", "match", "match_related")


@click.group()
def command() -> None:
    """Let deployments run, and more be done, once events have happened."""


@command.command("ls")
@json_option
def list_automations(as_json: bool) -> None:
    """List the automations, newest first."""
    listed = _all()
    show_list(
        listed,
        as_json,
        ("NAME", "ID", "ENABLED", "TRIGGER", "LAST FIRED"),
        lambda one: (
            one["name"],
            one["id"],
            one["enabled"],
            _core(one).trigger.type,
            moment(one["lastFiredAt"]),
        ),
    )


@command.command()
@click.argument("name_or_id")
@json_option
def inspect(name_or_id: str, as_json: bool) -> None:
    """Show the automation NAME_OR_ID."""
    one = _find(name_or_id)
    if as_json:
        show_json(one)
        return
    core = _core(one)
    told = {"name": one["name"], "id": one["id"], "description": one["description"] or None}
    told |= {"enabled": one["enabled"], "last fired": moment(one["lastFiredAt"])}
    told |= {"goes with": one["ownerResource"]}
    show_fields(told)
    for line in _trigger_lines(core.trigger):
        show_line(line)
    for action in (*core.actions, *core.actions_on_trigger):
        show_line(f"  {action.describe_for_cli()}")


@command.command()
@click.argument("name_or_id")
def pause(name_or_id: str) -> None:
    """Let the automation NAME_OR_ID rest."""
    _set_enabled(name_or_id, False)


@command.command()
@click.argument("name_or_id")
def resume(name_or_id: str) -> None:
    """Let the automation NAME_OR_ID act on what happens from now on."""
    _set_enabled(name_or_id, True)


@command.command()
@click.argument("name_or_id")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def delete(name_or_id: str, yes: bool) -> None:
    """Delete the automation NAME_OR_ID."""
    from headrace.client import automated

    one = _find(name_or_id)
    confirm(f"automation {one['name']!r}", yes)
    perform(automated.delete_automation(one["id"]))
    show_line(f"Deleted automation {one['name']!r}.")


@command.command()
@click.option(
    "-f",
    "--from-file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A JSON file: an automation, or a list of them, as Automation(...) is given its fields.",
)
def create(path: Path) -> None:
    """Make automations as a file says."""
    from pydantic import ValidationError

    from headrace.client import automated
    from headrace.events.schemas.automations import AutomationCore

    try:
        given = json.loads(path.read_text())
        wanted = [
            AutomationCore.model_validate(one)
            for one in (given if isinstance(given, list) else [given])
        ]
    except ValidationError as error:
        wrong = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        fail(f"{path}: " + "; ".join(f"{place}: {why}" if place else why for place, why in wrong))
    except ValueError as error:
        fail(f"{path} is no JSON: {error}")
    for one in wanted:
        made = perform(automated.create_automation(automated.input_of(one.model_dump(mode="json"))))
        show_line(f"Created automation {one.name!r} with id {made['id']}.")


def _all() -> list[dict[str, Any]]:
    from headrace.client import automated

    listed: list[dict[str, Any]] = []
    after, more = None, True
    while more:
        page = perform(automated.automations(after=after))
        listed += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return listed


def _find(name_or_id: str) -> dict[str, Any]:
    """The automation of an id or of a name, if it is the only one of that name."""
    found = [one for one in _all() if name_or_id in (one["id"], one["name"])]
    if not found:
        fail(f"there is no automation {name_or_id!r}; see `headrace automation ls`")
    if len(found) > 1:
        ids = ", ".join(one["id"] for one in found)
        fail(f"{len(found)} automations are called {name_or_id!r}: name one by its id: {ids}")
    return found[0]


def _set_enabled(name_or_id: str, enabled: bool) -> None:
    from headrace.client import automated

    one = _find(name_or_id)
    perform(automated.set_enabled(one["id"], enabled))
    show_line(f"{'Resumed' if enabled else 'Paused'} automation {one['name']!r}.")


def _trigger_lines(trigger: Any, indent: int = 0) -> Iterator[str]:
    """What a trigger, and those that it is made of, wait for."""
    yield trigger.describe_for_cli(indent).splitlines()[0]
    told = trigger.model_dump(mode="json", include=set(_CONDITIONS))
    for name in _CONDITIONS:
        if value := told.get(name):
            shown = ", ".join(sorted(value)) if name in ("after", "for_each") else json.dumps(value)
            yield f"{'  ' * (indent + 1)}{name}: {shown}"
    for part in getattr(trigger, "triggers", ()):
        yield from _trigger_lines(part, indent + 1)


def _core(one: dict[str, Any]) -> Any:
    from headrace.client import automated
    from headrace.events.schemas.automations import AutomationCore

    return AutomationCore(**automated.fields_of(one))
