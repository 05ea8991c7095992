"""Giving something to flow runs while they run: to one that pauses for it, or that looks for it.

class Approval(RunInput):
    reason: str
    approve: bool

@flow
def release():
    approval = pause_flow_run(wait_for_input=Approval)
"""

from __future__ import annotations

from headrace.input.actions import (
    FlowRunInput,
    acreate_flow_run_input,
    acreate_flow_run_input_from_model,
    adelete_flow_run_input,
    afilter_flow_run_input,
    aread_flow_run_input,
    create_flow_run_input,
    create_flow_run_input_from_model,
    delete_flow_run_input,
    filter_flow_run_input,
    read_flow_run_input,
)
from headrace.input.keysets import Keyset, keyset_from_base_key, keyset_from_paused_state
from headrace.input.receiving import GetInputHandler
from headrace.input.run_input import (
    AutomaticRunInput,
    RunInput,
    RunInputMetadata,
    asend_input,
    receive_input,
    send_input,
)

__all__ = [
    "AutomaticRunInput",
    "FlowRunInput",
    "GetInputHandler",
    "Keyset",
    "RunInput",
    "RunInputMetadata",
    "acreate_flow_run_input",
    "acreate_flow_run_input_from_model",
    "adelete_flow_run_input",
    "afilter_flow_run_input",
    "aread_flow_run_input",
    "asend_input",
    "create_flow_run_input",
    "create_flow_run_input_from_model",
    "delete_flow_run_input",
    "filter_flow_run_input",
    "keyset_from_base_key",
    "keyset_from_paused_state",
    "read_flow_run_input",
    "receive_input",
    "send_input",
]
