"""Which runs of a deployment would fail for their parameters, or never be: seen beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.client.schemas.deployment_schedules import DeploymentScheduleCreate
from headrace.client.schemas.schedules import CronSchedule, RRuleSchedule
from headrace.parameters import sent

if TYPE_CHECKING:
    from headrace.flows import Flow


def misfits(
    flow: Flow[..., Any],
    parameters: Mapping[str, Any],
    schedules: Sequence[DeploymentScheduleCreate],
) -> Iterator[str]:
    """What is wrong with the parameters of a deployment and of its schedules, each in a line.

    That one has no value is wrong of a schedule alone: who asks for a run by hand may give it.
    """
    own = _problems(flow, parameters)
    if own:
        yield f"its parameters do not fit the flow: {'; '.join(own)}"
    for schedule in schedules:
        given = {**parameters, **schedule.parameters}
        missing = [name for name in flow.parameters.required if name not in given]
        wrong = [f"{name}: it has no value" for name in missing]
        wrong += [problem for problem in _problems(flow, given) if problem not in own]
        if wrong:
            yield f"runs of its schedule {_called(schedule)} will fail: {'; '.join(wrong)}"


def ended(deployment: Mapping[str, Any]) -> list[str]:
    """The schedules of a deployment, as the ledger has it, that never come to a time, in lines."""
    if deployment["paused"]:
        return []
    over = [each for each in deployment["schedules"] if each["active"] and not each["nextFire"]]
    return [f"its schedule rrule {each['rrule']!r} never comes to a time" for each in over]


def without_effect(job_variables: Mapping[str, Any]) -> Iterator[str]:
    """What job variables say that no worker heeds, in a line."""
    unknown = ", ".join(repr(name) for name in job_variables if name != "env")
    if unknown:
        yield f"its job variables {unknown} have no effect; 'env' alone has one"


def _problems(flow: Flow[..., Any], parameters: Mapping[str, Any]) -> list[str]:
    """What a run would refuse of these values, as the ledger will give them to it."""
    values, known = sent(parameters), flow.shape.signature.parameters
    found = [f"{name}: the flow has no such parameter" for name in values if name not in known]
    if not flow.should_validate_parameters:
        return found
    try:
        return [*found, *flow.shape.problems(values)]
    except Exception as error:  # out of a validator of the user's; it is the runs' that fail
        return [*found, f"{type(error).__name__}: {error}"]


def _called(schedule: DeploymentScheduleCreate) -> str:
    match schedule.schedule:
        case CronSchedule(cron=line):
            times = f"cron {line!r}"
        case RRuleSchedule(rrule=rule):
            times = f"rrule {rule!r}"
        case other:
            times = f"interval {getattr(other, 'interval', None)}"
    return times if schedule.slug is None else f"{schedule.slug!r} ({times})"
