"""Blocks that send messages to people, through services that take them over HTTP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal

import httpx
from pydantic import Field, SecretStr

from headrace.blocks.abstract import NotificationBlock, NotificationError
from headrace.blocks.webhook import TIMEOUT
from headrace.types import SecretDict
from headrace.utilities.asyncutils import dispatch

__all__ = [
    "CustomWebhookNotificationBlock",
    "DiscordWebhook",
    "MattermostWebhook",
    "MicrosoftTeamsWebhook",
    "NotificationBlock",
    "NotificationError",
    "SlackWebhook",
]


class _Posting(NotificationBlock, ABC):
    """Sends a message by one request."""

    @abstractmethod
    def _request(self, body: str, subject: str | None) -> dict[str, Any]:
        """The arguments of the request."""

    async def anotify(self, body: str, subject: str | None = None) -> None:
        """Send a message.

        Raises:
            NotificationError: it was not taken.
        """
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT) as client:
                answer = await client.request(**self._request(body, subject))
                answer.raise_for_status()
        except httpx.HTTPError as error:
            if self._raise_on_failure:
                raise NotificationError(f"the message was not taken: {error}") from error
            self.logger.warning("a message was not taken: %s", error)

    def notify(  # a coroutine only in asynchronous code
        self, body: str, subject: str | None = None, *, _sync: bool | None = None
    ) -> Any:
        """Send a message; see `anotify`."""
        return dispatch(self.anotify(body, subject), _sync)


class _Hook(_Posting, ABC):
    """Posts JSON to an address that is kept secret."""

    url: SecretStr = Field(title="Webhook URL")

    def _request(self, body: str, subject: str | None) -> dict[str, Any]:
        text = f"{subject}\n{body}" if subject else body
        return {"method": "POST", "url": self.url.get_secret_value(), "json": self._json(text)}

    def _json(self, text: str) -> dict[str, Any]:
        return {"text": text}


class SlackWebhook(_Hook):
    """Sends messages to a channel of Slack, by its incoming webhook."""

    _block_type_name = "Slack Webhook"


class MattermostWebhook(_Hook):
    """Sends messages to a channel of Mattermost, by its incoming webhook."""

    _block_type_name = "Mattermost Webhook"


class MicrosoftTeamsWebhook(_Hook):
    """Sends messages to a channel of Microsoft Teams, by its workflow's webhook."""

    _block_type_name = "Microsoft Teams Webhook"


class DiscordWebhook(_Hook):
    """Sends messages to a channel of Discord, by its webhook."""

    _block_type_name = "Discord Webhook"

    def _json(self, text: str) -> dict[str, Any]:
        return {"content": text}


class CustomWebhookNotificationBlock(_Posting):
    """Sends messages by a request of one's own.

    `{{subject}}`, `{{body}}` and `{{name}}`, and the keys of `secrets`, are replaced in the
    address, the headers and the data.
    """

    _block_type_name = "Custom Webhook"

    name: str
    url: str
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    params: dict[str, str] | None = None
    json_data: dict[str, Any] | None = None
    form_data: dict[str, str] | None = None
    headers: dict[str, str] | None = None
    secrets: SecretDict = Field(default_factory=lambda: SecretDict({}))

    def _request(self, body: str, subject: str | None) -> dict[str, Any]:
        words = {"subject": subject or "", "body": body, "name": self.name}
        words |= self.secrets.get_secret_value()
        request = {
            "method": self.method,
            "url": self.url,
            "params": self.params,
            "json": self.json_data,
            "data": self.form_data,
            "headers": self.headers,
        }
        filled: dict[str, Any] = _filled(request, words)
        return filled


def _filled(template: Any, words: dict[str, Any]) -> Any:
    if isinstance(template, dict):
        return {_filled(key, words): _filled(value, words) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(one, words) for one in template]
    if isinstance(template, str):
        for word, value in words.items():
            template = template.replace("{{" + word + "}}", str(value))
    return template
