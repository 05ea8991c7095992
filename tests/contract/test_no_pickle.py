"""The service never opens what users' programs have pickled, nor runs their code."""

from __future__ import annotations

import ast
import base64
import hashlib
import pickle
from pathlib import Path
from typing import Any

import pytest

import headrace_service
from headrace_service.ledger import Ledger
from tests.integration.graphql_kit import ask

SERVICE = Path(headrace_service.__file__).parent
#: What opens a pickle, or runs code that was not part of the service when it was installed.
FORBIDDEN_MODULES = {
    *("pickle", "_pickle", "cloudpickle", "dill", "shelve", "marshal", "copyreg", "joblib"),
    *("runpy", "code", "codeop"),
}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}


def violations(source: str) -> list[str]:
    """What a module's text does that no module of the service may."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append(node.module or "")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [f"{node.func.id}()"] if node.func.id in FORBIDDEN_CALLS else []
    return [one for one in found if one.endswith("()") or one.split(".")[0] in FORBIDDEN_MODULES]


@pytest.mark.parametrize(
    "module", sorted(SERVICE.rglob("*.py")), ids=lambda path: str(path.relative_to(SERVICE))
)
def test_no_module_of_the_service_opens_pickles_or_runs_code(module: Path) -> None:
    assert violations(module.read_text()) == []


def test_what_is_forbidden_would_be_found() -> None:
    source = "import pickle\nfrom cloudpickle import loads\nimport json.decoder\neval('1')"
    assert violations(source) == ["pickle", "cloudpickle", "eval()"]


class Hostile:
    """A file comes to be when this is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


PUT = """mutation ($content: String!) { putBundle(content: $content, about: {}) {
  ... on BundleKept { key } ... on UserError { message } } }"""
DEPLOY = """mutation ($key: String!) { applyDeployment(input: {
  name: "d", flowName: "f", bundleKey: $key, workPoolName: "pool" }) {
    ... on Deployment { id } ... on UserError { message } } }"""
CREATE = """mutation { createFlowRun(input: { deployment: "f/d", parameters: { a: 1 } }) {
  ... on FlowRun { id } ... on UserError { message } } }"""
CLAIM = """mutation ($input: ClaimInput!) { claimFlowRuns(input: $input) {
  ... on Claims { runs { flowRunId } } ... on UserError { message } } }"""


async def test_a_hostile_bundle_is_kept_listed_and_claimed_but_never_opened(tmp_path: Path) -> None:
    harm = tmp_path / "harm"
    content = pickle.dumps(Hostile(harm))
    ledger = Ledger.open(tmp_path / "ledger.db")
    try:
        await ask(ledger, 'mutation { createWorkPool(name: "pool") { __typename } }')
        put = await ask(ledger, PUT, content=base64.b64encode(content).decode())
        key = put["putBundle"]["key"]
        assert key == hashlib.sha256(content).hexdigest()
        assert "id" in (await ask(ledger, DEPLOY, key=key))["applyDeployment"]
        assert "id" in (await ask(ledger, CREATE))["createFlowRun"]
        await ask(ledger, "{ deployments { nodes { bundleKey } } flowRuns { nodes { id } } }")
        worker = {
            "workerId": "019b7728-8000-7000-8000-000000000001",
            "workerName": "w",
            "host": "h",
            "pid": 1,
            "leaseSeconds": 30,
            "limit": 1,
            "workPoolName": "pool",
        }
        await ask(ledger, CLAIM, input=worker)
        await ask(ledger, "query ($key: String!) { bundle(key: $key) { __typename } }", key=key)
    finally:
        ledger.close()
    assert not harm.exists()
    pickle.loads(content)  # to be sure that it would have done harm
    assert harm.exists()
