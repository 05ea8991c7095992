"""`serve`: deployments that this process executes, and what it says as it begins."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from headrace.deployments.runner import RunnerDeployment
from headrace.entrypoints import is_loading
from headrace.runner.runner import Runner


def serve(
    *args: RunnerDeployment,
    pause_on_shutdown: bool = True,
    print_starting_message: bool = True,
    limit: int | None = None,
    **kwargs: Any,
) -> None:
    """Serve deployments until Ctrl-C: run what is due or asked for, each in its own process.

        serve(fetch.to_deployment("hourly", interval=3600), clean.to_deployment("nightly"))

    The first Ctrl-C takes no more runs and waits for those under way; the second cancels them.

    Args:
        args: the deployments.
        pause_on_shutdown: whether schedules rest while nobody serves them.
        print_starting_message: whether to say what is served.
        limit: how many runs may be under way at once; None for any number.
    """
    with contextlib.suppress(KeyboardInterrupt):  # before the runner listens for it itself
        asyncio.run(
            aserve(
                *args,
                pause_on_shutdown=pause_on_shutdown,
                print_starting_message=print_starting_message,
                limit=limit,
                **kwargs,
            )
        )


async def aserve(
    *args: RunnerDeployment,
    pause_on_shutdown: bool = True,
    print_starting_message: bool = True,
    limit: int | None = None,
    **kwargs: Any,
) -> None:
    """`serve`, in an event loop that is running."""
    if is_loading("serve()"):
        return
    runner = Runner(pause_on_shutdown=pause_on_shutdown, limit=limit, **kwargs)
    for deployment in args:
        await runner.add_deployment.aio(deployment)
    if print_starting_message:
        print(_message_of([deployment.full_name for deployment in args]), flush=True)
    await runner.start()


def serve_flow(
    deployment: RunnerDeployment,
    *,
    pause_on_shutdown: bool,
    print_starting_message: bool,
    limit: int | None,
) -> None:
    """Serve one deployment; see `Flow.serve`."""
    with contextlib.suppress(KeyboardInterrupt):  # before the runner listens for it itself
        asyncio.run(_serve_one(deployment, pause_on_shutdown, print_starting_message, limit))


async def _serve_one(
    deployment: RunnerDeployment,
    pause_on_shutdown: bool,
    print_starting_message: bool,
    limit: int | None,
) -> None:
    if is_loading("serve()"):
        return
    runner = Runner(deployment.name, pause_on_shutdown, limit)
    await runner.add_deployment.aio(deployment)
    if print_starting_message:
        print(
            f"Your flow {deployment.flow_name!r} is being served and polling for scheduled runs!\n"
            "\nTo trigger a run for this flow, use the following command:\n"
            f"\n        $ headrace deployment run {deployment.full_name!r}\n",
            flush=True,
        )
    await runner.start()


def _message_of(names: Sequence[str]) -> str:
    width = max(map(len, names), default=0)
    lines = [
        "Your deployments are being served and polling for scheduled runs!\n",
        "Deployments",
        f"┌─{'─' * width}─┐",
        *(f"│ {name:<{width}} │" for name in names),
        f"└─{'─' * width}─┘",
        "\nTo trigger any of these deployments, use the following command:",
        "\n        $ headrace deployment run [DEPLOYMENT_NAME]\n",
    ]
    return "\n".join(lines)
