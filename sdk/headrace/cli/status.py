"""`headrace server status`: whether the service answers, and how it is."""

from __future__ import annotations

import click

from headrace.cli.ledger import usual_url
from headrace.cli.output import json_option, show_fields, show_json
from headrace.endpoints import addresses_of
from headrace.exceptions import ServiceUnreachable
from headrace.settings import get_settings

#: Seconds until a service that says nothing counts as away.
PATIENCE = 10.0


@click.command("status")
@click.option("--url", help="The service.  [HEADRACE_API_URL, else this machine's]")
@json_option
def command(url: str | None, as_json: bool) -> None:
    """Say how the service is: its version, its database, its loops, and since when it runs.

    Ends with 0 when it can work, and with 1 when it cannot, or nobody answers.
    """
    import httpx

    from headrace.client import Client

    url = url or get_settings().service_url or usual_url()
    with Client(url) as client:
        url = client.api_url or url
        info = client.server_info()
    url = addresses_of(url).current
    try:
        told = httpx.get(f"{url}/ready", timeout=PATIENCE).json()
    except (httpx.HTTPError, ValueError) as error:
        raise ServiceUnreachable(f"no service answers at {url}: {error}") from None
    status = {
        "status": told["status"],
        "reasons": told["reasons"],
        "url": url,
        "version": info["version"],
        "database": info["ledger"],
        "since": told["since"],
        "loops": told["loops"],
    }
    if as_json:
        show_json(status)
    else:
        show_fields(status)
    if told["reasons"]:
        raise SystemExit(1)
