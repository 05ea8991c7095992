"""Making, changing and deleting automations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar
from uuid import UUID

import peewee
import strawberry

from headrace_service.api.context import Info, parse_id
from headrace_service.api.mutations.answers import (
    DeleteResult,
    ExpectedRevision,
    IdempotencyKey,
    deleted,
)
from headrace_service.api.scalars import JSON
from headrace_service.api.types.automation import Automation
from headrace_service.api.types.user_error import Conflict, InvalidInput, NotFound
from headrace_service.ledger import automations
from headrace_service.ledger.automations import Maker, of_admins, set_owned, steered
from headrace_service.ledger.decode import checked
from headrace_service.ledger.tokens import Scope

#: Automations that one resource may have.
MOST_OWNED = 100

T = TypeVar("T")

AutomationResult = Annotated[
    Automation | NotFound | Conflict | InvalidInput,
    strawberry.union("AutomationResult", description="An automation, or why it is not as asked."),
]


@strawberry.type(description="The automations that go with a resource.")
class OwnedAutomations:
    """What a resource has."""

    automations: list[Automation] = strawberry.field(
        description="The automations, in the order in which they were given."
    )


OwnedAutomationsResult = Annotated[
    OwnedAutomations | NotFound | Conflict | InvalidInput,
    strawberry.union(
        "OwnedAutomationsResult", description="A resource's automations, or why they are not."
    ),
]

_TRIGGER = """\
What it waits for: an object with a `type`.

* `event`: `expect` (names of events that count; none is any), `after` (names of events one of
  which comes first), `match` (labels of the resource, each with a value or a list of them),
  `match_related` (labels of a related resource, or a list of such), `for_each` (labels by whose
  values events are counted apart; `related:ROLE:LABEL` is one of a related resource), `posture`
  ("Reactive": fires when the events happen; "Proactive": when they do not), `threshold` (how many,
  1 unless given), `within` (seconds; 0 is any time). Names and values may end with `*`, and values
  begin with `!` for not.
* `compound`: `triggers`, `require` (how many of them: a number, "any" or "all"), `within`.
* `sequence`: `triggers`, which have to fire in this order, `within`.

A state that a run enters is an event `headrace.flow-run.Failed` (or `headrace.task-run.…`), about
`headrace.flow-run.ID`; its flow, deployment, work queue, work pool and tags are related."""

_ACTIONS = """\
What it does then: a list of objects with a `type`, at most 20. `run-deployment` (`deployment_id`,
`parameters`, `job_variables`, `schedule_after` in seconds), `pause-deployment`,
`resume-deployment`, `cancel-flow-run`, `suspend-flow-run`, `resume-flow-run`,
`change-flow-run-state` (`state`, `name`, `message`, `force`), `pause-automation`,
`resume-automation` (`automation_id`), `do-nothing`; and, with the scope ADMIN, `delete-flow-run`,
`pause-work-pool`, `resume-work-pool` (`work_pool_id`), `pause-work-queue`, `resume-work-queue`
(`work_queue_id`). With the `source` "inferred" in place of an id, it is the one that the event is
about. Texts of parameters may have places such as `{{ event.id }}` or `{{ flow_run.name }}`."""


@strawberry.input(description="An automation as it is to be.")
class AutomationInput:
    """What an automation is made of."""

    name: str = strawberry.field(description="Its name; others may have it, too.")
    trigger: JSON = strawberry.field(description=_TRIGGER)
    actions: list[JSON] = strawberry.field(description=_ACTIONS)
    description: str = strawberry.field(default="", description="What it is for.")
    enabled: bool = strawberry.field(default=True, description="Whether it acts.")
    tags: list[str] = strawberry.field(default_factory=list, description="Its tags.")
    actions_on_trigger: list[JSON] = strawberry.field(
        default_factory=list, description="What it does after that; see `actions`."
    )
    owner_resource: str | None = strawberry.field(
        default=None,
        description="The resource that it goes with; kept as it is by a change.",
    )


@strawberry.type(description="Automations.")
class AutomationMutations:
    """Mutations of automations."""

    @strawberry.mutation(
        description="Make an automation. It acts on what happens from now on, wherever a service, "
        "a worker or a script that serves runs on the ledger."
    )
    async def create_automation(
        self,
        info: Info,
        automation: Annotated[
            AutomationInput, strawberry.argument(description="What it is to be.")
        ],
        idempotency_key: IdempotencyKey = None,
    ) -> AutomationResult:
        """Make one."""
        wanted = _wanted(info, automation)
        verb = automations.create_automation
        args = wanted, idempotency_key, _maker(info)
        return Automation.of(await _write(info, steered(wanted), verb, *args))

    @strawberry.mutation(
        description="Let an automation be as it is given. With another trigger, or newly enabled, "
        "it begins to count anew."
    )
    async def update_automation(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
        automation: Annotated[
            AutomationInput, strawberry.argument(description="What it is to be.")
        ],
        expected_revision: ExpectedRevision = None,
    ) -> AutomationResult:
        """Change one."""
        wanted, key = _wanted(info, automation), parse_id(id)
        keys, verb = [key, *steered(wanted)], automations.update_automation
        args = key, wanted, expected_revision, _maker(info)
        return Automation.of(await _write(info, keys, verb, *args))

    @strawberry.mutation(description="Let an automation act on what happens from now on, or rest.")
    async def set_automation_enabled(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
        enabled: Annotated[bool, strawberry.argument(description="Whether it acts.")],
    ) -> AutomationResult:
        """Enable or disable one."""
        key = parse_id(id)
        row = await _write(info, [key], automations.set_automation_enabled, key, enabled)
        return Automation.of(row)

    @strawberry.mutation(
        description="Let a resource have just these automations. Those that it has already go on "
        "as they were; others that it had are deleted."
    )
    async def set_owned_automations(
        self,
        info: Info,
        owner_resource: Annotated[
            str, strawberry.argument(description="The resource, such as `headrace.deployment.ID`.")
        ],
        automations: Annotated[
            list[AutomationInput], strawberry.argument(description="What it is to have.")
        ],
    ) -> OwnedAutomationsResult:
        """Set them."""
        if len(automations) > MOST_OWNED:
            message = f"automations: {len(automations)}, at most {MOST_OWNED}"
            return InvalidInput.of(message, "automations")
        if not 1 <= len(owner_resource) <= 1024:
            return InvalidInput.of("ownerResource: use 1 to 1024 characters", "ownerResource")
        wanted = [_wanted(info, one) for one in automations]
        let_rest = [key for one in wanted for key in steered(one)]
        args = owner_resource, wanted, _maker(info)
        rows = await _write(info, let_rest, set_owned, *args, owner=owner_resource)
        return OwnedAutomations(automations=[Automation.of(row) for row in rows])

    @strawberry.mutation(description="Delete an automation.")
    async def delete_automation(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> DeleteResult:
        """Delete one."""
        key = parse_id(id)
        return deleted(await _write(info, [key], automations.delete_automation, key))


class _Meddling(Exception):
    """It is about an automation that is none but an administrator's business."""


async def _write(
    info: Info,
    keys: Sequence[UUID],
    verb: Callable[..., T],
    *args: object,
    owner: str | None = None,
) -> T:
    """Perform a verb of the ledger that is about these automations, and those of the owner.

    Raises:
        Forbidden: one of the automations is an administrator's business, as is one of the owner's
            that would not be there any more, and the caller is none.
    """

    def perform(db: peewee.Database) -> T:
        if info.context.caller.scope is Scope.ADMIN:
            return verb(db, *args)
        if of_admins(db, keys):
            raise _Meddling
        before = of_admins(db, (), owner)
        answer = verb(db, *args)
        if not before <= of_admins(db, (), owner):
            raise _Meddling  # so it is not done
        return answer

    try:
        return await info.context.ledger.awrite(perform)
    except _Meddling:
        what = "to meddle with an automation that an admin made, or that does what admins may"
        info.context.need(Scope.ADMIN, what)
        raise


def _maker(info: Info) -> Maker:
    caller = info.context.caller
    return Maker(caller.name, caller.scope.value)


def _wanted(info: Info, given: AutomationInput) -> automations.NewAutomation:
    """What is asked for, once it is known that the caller may ask for it."""
    wanted = checked(
        automations.NewAutomation(
            given.name,
            given.trigger,
            list(given.actions),
            given.description,
            given.enabled,
            given.tags,
            list(given.actions_on_trigger),
            given.owner_resource,
        )
    )
    if automations.needs_admin(wanted):
        info.context.need(Scope.ADMIN, f"what the automation {wanted.name[:80]!r} does")
    return wanted
