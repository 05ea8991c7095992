"""What can be watched: feeds of lists, each with the cursor to go on from.

One module for each kind of thing, put together here. What happens quickly comes in lists: a message
is sent some twenty times a second at most, save while a subscriber catches up.
"""

from __future__ import annotations

import strawberry

from headrace_service.api.subscriptions.events import EventSubscriptions
from headrace_service.api.subscriptions.logs import LogSubscriptions
from headrace_service.api.subscriptions.runs import RunSubscriptions
from headrace_service.api.subscriptions.standing import StandingSubscriptions


@strawberry.type(
    description="What can be watched. Every message is a list with a cursor. The first one comes "
    "at once and tells where the feed stands; it may be empty, and so may a later one, which tells "
    "that much has passed by of which nothing was wanted.\n\n"
    "`flowRuns`, `taskRuns`, `events` and `logs` tell what happens, and go on `after` a cursor: "
    "nothing is missed or told twice, through whichever replica. A cursor whose followers were "
    "deleted since ends the subscription with the error `CursorExpired`, whose extension "
    "`oldestCursor` is the oldest one that can still be used; one that this ledger never gave, "
    "with `InvalidCursor`.\n\n"
    "`counts`, `concurrencyLimits`, `workers` and `deployments` tell how things stand, and then "
    "what has changed: whoever comes again is told all of it anew."
)
class Subscription(RunSubscriptions, LogSubscriptions, EventSubscriptions, StandingSubscriptions):
    """The root of subscriptions."""
