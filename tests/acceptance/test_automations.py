"""A flow fails, and a deployment is run for it: with a service, and a script that serves."""

from __future__ import annotations

from headrace.client import automated, work
from tests.acceptance.scripts import Workplace

SERVE = """
from headrace import flow
from headrace.events import DeploymentEventTrigger

@flow(log_prints=True)
def tidy(after: str, why: str):
    print(f"tidied after {after}: {why}")

if __name__ == "__main__":
    tidy.serve(
        name="tidy",
        triggers=[
            DeploymentEventTrigger(
                expect={"headrace.flow-run.Failed"},
                match_related={"headrace.resource.name": "etl"},
                parameters={
                    "after": "{{ flow_run.name }}",
                    "why": "{{ event.resource['headrace.state-message'] }}",
                },
            )
        ],
    )
"""

FAIL = """
from headrace import flow

@flow(flow_run_name="nightly")
def etl():
    raise OSError("no disk")

etl()
"""


def test_a_flows_failure_runs_another_deployment(workplace: Workplace) -> None:
    workplace.write("serve.py", SERVE)
    workplace.write("fail.py", FAIL)
    with workplace.started("serve.py") as script:
        workplace.until(lambda: workplace.ask(work.deployments()), "it is served")
        workplace.until(lambda: workplace.ask(automated.automations())["nodes"], "it is watched")
        with workplace.started("fail.py") as failing:
            assert failing.finish()[0] == 1
        (run,) = workplace.until(lambda: workplace.runs("COMPLETED"), "it was tidied")
        assert run["flowName"] == "tidy"
        assert run["parameters"]["after"] == "nightly"
        assert "no disk" in run["parameters"]["why"]
        script.interrupt()
        assert script.finish()[0] == 0
