"""The ledger's tables.

Ids are UUIDs of version 7: they sort by time, so that new rows land together and a keyset page
needs no second column. Times are whole microseconds since 1970-01-01 UTC. States are stored by
their type's and their name's text, so that a person who opens the file can read it.

The models are bound to no database: one process may hold several ledgers. Every query is run with
`.execute(db)`.
"""

from __future__ import annotations

from headrace_service.ledger.columns import NO_ID as NO_ID
from headrace_service.ledger.models.automations import Automation as Automation
from headrace_service.ledger.models.automations import LoopCursor as LoopCursor
from headrace_service.ledger.models.automations import TriggerCount as TriggerCount
from headrace_service.ledger.models.automations import TriggerFiring as TriggerFiring
from headrace_service.ledger.models.blocks import Block as Block
from headrace_service.ledger.models.blocks import BlockType as BlockType
from headrace_service.ledger.models.deployments import Bundle as Bundle
from headrace_service.ledger.models.deployments import Deployment as Deployment
from headrace_service.ledger.models.deployments import Schedule as Schedule
from headrace_service.ledger.models.history import CUSTOM as CUSTOM
from headrace_service.ledger.models.history import DELETED as DELETED
from headrace_service.ledger.models.history import EDITED as EDITED
from headrace_service.ledger.models.history import IS_CUSTOM as IS_CUSTOM
from headrace_service.ledger.models.history import STATES as STATES
from headrace_service.ledger.models.history import Event as Event
from headrace_service.ledger.models.history import Log as Log
from headrace_service.ledger.models.limits import ConcurrencyLimit as ConcurrencyLimit
from headrace_service.ledger.models.limits import Line as Line
from headrace_service.ledger.models.limits import Slot as Slot
from headrace_service.ledger.models.limits import Waiter as Waiter
from headrace_service.ledger.models.runs import BackgroundRun as BackgroundRun
from headrace_service.ledger.models.runs import Flow as Flow
from headrace_service.ledger.models.runs import FlowRun as FlowRun
from headrace_service.ledger.models.runs import FlowRunInput as FlowRunInput
from headrace_service.ledger.models.runs import TaskRun as TaskRun
from headrace_service.ledger.models.streams import Batch as Batch
from headrace_service.ledger.models.streams import Process as Process
from headrace_service.ledger.models.streams import Reaping as Reaping
from headrace_service.ledger.models.tokens import ApiToken as ApiToken
from headrace_service.ledger.models.upkeep import Deletion as Deletion
from headrace_service.ledger.models.upkeep import MadeOnce as MadeOnce
from headrace_service.ledger.models.upkeep import Retention as Retention
from headrace_service.ledger.models.variables import Artifact as Artifact
from headrace_service.ledger.models.variables import Variable as Variable
from headrace_service.ledger.models.work_pools import Worker as Worker
from headrace_service.ledger.models.work_pools import WorkPool as WorkPool
from headrace_service.ledger.models.work_pools import WorkQueue as WorkQueue

TABLES = (
    Flow,
    FlowRun,
    TaskRun,
    BackgroundRun,
    Event,
    Log,
    Batch,
    FlowRunInput,
    Variable,
    Artifact,
    BlockType,
    Block,
    Deployment,
    Schedule,
    Bundle,
    WorkPool,
    WorkQueue,
    Worker,
    ConcurrencyLimit,
    Slot,
    Waiter,
    Line,
    Process,
    Reaping,
    Retention,
    Deletion,
    ApiToken,
    MadeOnce,
    Automation,
    TriggerCount,
    TriggerFiring,
    LoopCursor,
)
