"""Automations as programs and people make them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from headrace import flow
from headrace.automations import Automation
from headrace.cli import automation as commands
from headrace.client.orchestration import get_client
from headrace.deployments.runner import DeploymentApplyError
from headrace.events import (
    CompoundTrigger,
    DeploymentEventTrigger,
    DeploymentSequenceTrigger,
    EventTrigger,
    MetricTrigger,
    MetricTriggerOperator,
    MetricTriggerQuery,
    Posture,
    SequenceTrigger,
)
from headrace.events.actions import CancelFlowRun, DeclareIncident, DoNothing, RunDeployment
from headrace.events.schemas.automations import AutomationCore
from headrace.exceptions import ObjectNotFound, ServiceError
from headrace.testing.utilities import headrace_test_harness

MINUTE = timedelta(minutes=1)
LATENESS = MetricTriggerQuery(name="lateness", threshold=1, operator=MetricTriggerOperator.GT)


@flow
def tidy(why: str = "") -> None: ...


@pytest.fixture(autouse=True)
def home() -> Iterator[None]:
    """A ledger of the test's own."""
    with headrace_test_harness():
        yield


def watch(**more: Any) -> Automation:
    trigger = EventTrigger(expect={"order.*"}, match={"region": ["n", "s"]}, within=MINUTE)
    return Automation(name="watch", trigger=trigger, actions=[CancelFlowRun()], **more)


def test_an_automation_is_made_read_changed_and_deleted() -> None:
    made = watch(description="orders", tags=["a"]).create()
    assert Automation.read(id=made.id) == Automation.read(name="watch") == made
    made.trigger = SequenceTrigger(triggers=[EventTrigger(), EventTrigger(after={"a"})])
    made.actions = [RunDeployment(source="inferred", parameters={"n": 1}, schedule_after=MINUTE)]
    made.update()
    assert Automation.read(made.id) == made
    assert made.disable()
    assert not Automation.read(made.id).enabled
    assert made.enable()
    assert Automation.read(made.id).enabled
    assert made.delete()
    assert not made.delete()
    assert not made.enable()
    with pytest.raises(ValueError, match=r"Automation with ID .* not found"):
        Automation.read(id=made.id)
    with pytest.raises(ValueError, match="Automation with name 'watch' not found"):
        Automation.read(name="watch")


async def test_asynchronous_code_awaits() -> None:
    made = await watch().create()
    assert (await Automation.aread(made.id)).name == "watch"
    assert await made.adisable()
    assert not (await Automation.read(name="watch")).enabled
    assert await made.delete()


def test_one_without_an_id_can_be_found_by_nothing() -> None:
    with pytest.raises(ValueError, match="without an id"):
        watch().delete()
    with pytest.raises(ValueError, match="without an id"):
        watch().disable()
    with pytest.raises(ValueError, match="One of id or name"):
        Automation.read()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        (
            {"trigger": MetricTrigger(metric=LATENESS)},
            "trigger.type",
        ),
        ({"actions": [DeclareIncident()]}, "actions[0].type"),
        ({"actions_on_resolve": [DoNothing()]}, "actions_on_resolve"),
    ],
)
def test_what_would_never_act_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ServiceError) as raised:
        watch().model_copy(update=changes).create()
    assert (raised.value.code, raised.value.field) == ("InvalidInput", field)


def test_clients_look_after_automations() -> None:
    with get_client(sync_client=True) as client:
        core = AutomationCore(**watch().model_dump())
        key = client.create_automation(core)
        assert [one.id for one in client.read_automations()] == [key]
        read = client.read_automation(key)
        assert read == client.find_automation("WATCH") == client.find_automation(str(key))
        assert client.find_automation("nobody") is None
        client.pause_automation(key)
        assert [one.enabled for one in client.read_automations_by_name("watch")] == [False]
        client.resume_automation(key)
        client.update_automation(key, core.model_copy(update={"name": "other"}))
        client.delete_automation(key)
        assert client.read_automation(key) is None
        with pytest.raises(ObjectNotFound):
            client.pause_automation(key)


def test_a_deployment_has_the_automations_that_its_triggers_stand_for() -> None:
    triggers = [
        DeploymentEventTrigger(name="late", expect={"a"}, posture=Posture.Proactive),
        {"expect": ["b"], "parameters": {"why": "{{ event.id }}"}},
        DeploymentSequenceTrigger(triggers=[EventTrigger(), EventTrigger()], enabled=False),
        EventTrigger(expect={"c"}),
    ]
    key = tidy.to_deployment("t", triggers=triggers).apply()
    owner = f"headrace.deployment.{key}"
    with get_client(sync_client=True) as client:
        listed = client.read_resource_related_automations(owner)[::-1]
        default = f"Automation for deployment {key}"
        assert [one.name for one in listed] == ["late", default, default, default]
        assert [one.enabled for one in listed] == [True, True, False, True]
        assert listed[1].actions == [
            RunDeployment(deployment_id=key, parameters={"why": "{{ event.id }}"})
        ]
        tidy.to_deployment("t", triggers=triggers[:1]).apply()
        (kept,) = client.read_resource_related_automations(owner)
        assert kept.id == listed[0].id
        client.delete_resource_owned_automations(owner)
        assert client.read_automations() == []


def test_a_deployment_is_told_what_is_wrong_with_its_triggers() -> None:
    trigger = DeploymentEventTrigger(parameters={"why": "{{ event.id | upper }}"})
    with pytest.raises(DeploymentApplyError, match=r"deployment 'tidy/t': actions\[0\]: .*upper"):
        tidy.to_deployment("t", triggers=[trigger]).apply()


# -- the command ------------------------------------------------------------------------------


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands.command, arguments)


def test_the_command_makes_shows_pauses_and_deletes(tmp_path: Path) -> None:
    file = tmp_path / "watch.json"
    file.write_text(watch().model_dump_json(exclude={"id"}))
    assert run("create", "--from-file", str(file)).stdout.startswith("Created automation 'watch'")
    assert run("pause", "watch").stdout == "Paused automation 'watch'.\n"
    assert [one["enabled"] for one in json.loads(run("ls", "--json").stdout)] == [False]
    assert run("resume", "watch").stdout == "Resumed automation 'watch'.\n"
    shown = run("inspect", "watch").stdout
    assert "Reactive: expecting 1 of {'order.*'}\n" in shown
    assert "\n  Cancel flow run\n" in shown
    assert "event" in run("ls").stdout
    run("create", "--from-file", str(file))
    twice = run("delete", "watch", "--yes")
    assert (twice.exit_code, twice.stderr[:42]) == (1, "Error: 2 automations are called 'watch': n")
    for one in json.loads(run("ls", "--json").stdout):
        assert run("delete", one["id"], "--yes").stdout == "Deleted automation 'watch'.\n"
    assert run("inspect", "watch").stderr.startswith("Error: there is no automation 'watch'")
    file.write_text("[{}]")
    refused = run("create", "--from-file", str(file)).stderr
    assert refused == (
        f"Error: {file}: name: Field required; trigger: Field required; actions: Field required\n"
    )


def test_a_trigger_is_shown_with_its_conditions_and_its_parts(tmp_path: Path) -> None:
    absent = EventTrigger(
        after={"b", "a"}, expect={"c"}, for_each={"order.id"}, posture=Posture.Proactive
    )
    both = CompoundTrigger(triggers=[absent, EventTrigger(match={"kind": "x"})], require="all")
    file = tmp_path / "both.json"
    made = Automation(name="both", trigger=both, actions=[CancelFlowRun()])
    file.write_text(made.model_dump_json(exclude={"id"}))
    run("create", "--from-file", str(file))
    assert run("inspect", "both").stdout.endswith(
        "All of:\n"
        "  Proactive: expecting 1 {'c'} event within 0:00:10\n"
        "    after: a, b\n"
        "    for_each: order.id\n"
        "  Reactive: expecting 1 of set()\n"
        '    match: {"kind": "x"}\n'
        "  Cancel flow run\n"
    )
