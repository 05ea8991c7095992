"""With a service the programs print the same as without one.

One or two programs of each thing that goes over the wire; all others differ by the transport of
their records alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headrace_service.server import start_in_thread
from tests.parity import kit

PROGRAMS = [
    "artifacts/read",
    "async/subflow_states",
    "blocks/save_load",
    "client/failures_of_runs",
    "client/inside_flow",
    "client/logs",
    "client/read_task_runs",
    "client/results_of_runs",
    "client/variables",
    "concurrency/sync",
    "deployments/run_deployment",
    "events/emit",
    "events/filters_and_clients",
    "exits/interrupt_uncaught",
    "flows/process_pool",
    "input/pause_resume",
    "input/send_receive",
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with start_in_thread(tmp_path_factory.mktemp("service") / "ledger.db") as running:
        yield running.url


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_same_is_printed(name: str, service: str, tmp_path: Path) -> None:
    environment = {"HEADRACE_HOME": str(tmp_path), "HEADRACE_API_URL": service}
    printed, errors = kit.run(kit.source(name), environment)
    assert printed == kit.answer(name).read_text(), errors
    assert not (tmp_path / "ledger.db").exists()  # what it recorded is with the service
