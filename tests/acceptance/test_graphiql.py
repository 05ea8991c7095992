"""GraphiQL in a real browser: it loads, asks and follows, and the browser has nothing to object."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from headrace.records import LogLine, now_micros
from headrace_service.server import RunningService, start_in_thread
from tests.builders import Stream

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: Seconds until a test fails that waits for the browser; it takes two.
PATIENCE = 120.0
LINES = "{ logs { cursor lines { message } } }"
RESULT = "(document.querySelector('.result-window') || {}).innerText || ''"
#: What the browser tells of what went wrong in the page.
COMPLAINTS = ("Runtime.exceptionThrown", "Log.entryAdded", "Network.loadingFailed")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")


class Page:
    """A page in the browser, by its debugging protocol."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._asked = 0
        self.complaints: list[dict[str, Any]] = []

    async def call(self, method: str, **given: object) -> dict[str, Any]:
        """What a command of the protocol answers."""
        self._asked += 1
        await self._socket.send(json.dumps({"id": self._asked, "method": method, "params": given}))
        while True:
            message: dict[str, Any] = json.loads(await self._socket.recv())
            if message.get("method") in COMPLAINTS:
                self.complaints.append(message)
            if message.get("id") == self._asked:
                result: dict[str, Any] = message["result"]
                return result

    async def run(self, script: str) -> object:
        """What a script evaluates to."""
        answer = await self.call("Runtime.evaluate", expression=script, awaitPromise=True)
        return answer["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until a script's expression is true."""
        await self.run(
            "new Promise(done => { const look = () => "
            f"({condition}) ? done() : requestAnimationFrame(look); look(); }})"
        )

    async def execute(self, name: str, document: str) -> None:
        """Put a document with an operation of that name into the editor, and press the button."""
        editor = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
        await self.run(f"{editor}.setValue({json.dumps(document)})")
        # Once it remembers the operation, it has understood what it is to execute.
        kept = "(localStorage.getItem('graphiql:tabState') || '')"
        await self.until(f"""{kept}.includes('"operationName":"{name}"')""")
        await self.run("document.querySelector('.graphiql-execute-button').click()")


@contextmanager
def browser(profile: Path) -> Iterator[str]:
    """A headless browser; yields the address at which a page of it is told what to do."""
    assert CHROMIUM is not None
    process = subprocess.Popen(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *(f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "DevTools listening on" in line)
        address = told.split("ws://")[1].split("/")[0]
        opened = httpx.put(f"http://{address}/json/new?about:blank", timeout=PATIENCE).json()
        yield opened["webSocketDebuggerUrl"]
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    with start_in_thread(tmp_path / "ledger.db") as running:
        yield running


async def test_it_loads_asks_and_follows(service: RunningService, tmp_path: Path) -> None:
    def write(text: str) -> None:
        line = LogLine(now_micros(), 20, "test", text)
        service.ledger.append(Stream().batch(line)).result()

    with browser(tmp_path / "profile") as url:
        async with asyncio.timeout(PATIENCE), connect(url, max_size=None) as socket:
            page = Page(socket)
            for part in ("Runtime", "Log", "Network", "Page"):
                await page.call(f"{part}.enable")
            await page.call("Page.navigate", url=f"{service.url}/graphql")
            await page.until("document.querySelector('.graphiql-query-editor .CodeMirror')")
            await page.execute("Asked", "query Asked { serverInfo { version } }")
            await page.until(f"{RESULT}.includes('serverInfo')")
            await page.execute("Followed", f"subscription Followed {LINES}")
            # The first message tells where the feed begins.
            await page.until(f"{RESULT}.includes('\"lines\": []')")
            for text in ("the first line", "the second line"):
                await asyncio.to_thread(write, text)
                await page.until(f"{RESULT}.includes('{text}')")
            assert page.complaints == []
