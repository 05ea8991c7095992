"""`headrace server status`: whether the service answers, and how it is."""

from __future__ import annotations

import click

from headrace.cli.ledger import usual_url
from headrace.cli.output import fail, json_option, show_fields, show_json
from headrace.endpoints import addresses_of, http_options
from headrace.exceptions import ServiceError, ServiceUnreachable
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
        try:
            info = client.server_info()
        except ServiceError as error:
            if error.code != "LedgerUnusable":
                fail(str(error))
            info = {}  # what it is that it cannot do, it tells all the same
    url = addresses_of(url).current
    options = http_options(url, get_settings().api_key)
    try:
        told = httpx.get(f"{url}/ready", timeout=PATIENCE, **options).json()
    except (httpx.HTTPError, ValueError) as error:
        raise ServiceUnreachable(f"no service answers at {url}: {error}") from None
    status = {
        "status": told["status"],
        "reasons": told.get("reasons"),
        "url": url,
        "version": info.get("version"),
        "database": info.get("ledger"),
        "since": told.get("since"),
        "loops": told.get("loops"),
    }
    if as_json:
        show_json(status)
    else:
        show_fields(status)
    if told["status"] != "ready":
        raise SystemExit(1)
