"""What blocks of a kind have in common, so that one can take another's place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, Self, TypeVar

from headrace.blocks.core import Block
from headrace.logging import get_logger, get_run_logger

T = TypeVar("T")


class _Logging:
    """Has a logger."""

    @property
    def logger(self) -> Any:
        """The logger of the run that this code runs in, or else one of the class's own."""
        from headrace.exceptions import MissingContextError

        try:
            return get_run_logger()
        except MissingContextError:
            return get_logger(type(self).__name__)


class CredentialsBlock(_Logging, Block, ABC):
    """What somebody needs to log in to a service."""

    @abstractmethod
    def get_client(self, *args: Any, **kwargs: Any) -> Any:
        """A client for the service."""


class NotificationError(Exception):
    """A message could not be sent; `log` is what the sender wrote meanwhile."""

    def __init__(self, log: str) -> None:
        super().__init__(log)
        self.log = log


class NotificationBlock(_Logging, Block, ABC):
    """Where messages can be sent."""

    _block_schema_capabilities = ["notify"]  # noqa: RUF012  # a ClassVar of Block
    _raise_on_failure: bool = True

    @abstractmethod
    async def notify(self, body: str, subject: str | None = None) -> None:
        """Send a message.

        Raises:
            NotificationError: it could not be sent.
        """

    @contextmanager
    def raise_on_failure(self) -> Iterator[None]:
        """Within, a message that cannot be sent is an error."""
        before, self._raise_on_failure = self._raise_on_failure, True
        try:
            yield
        finally:
            self._raise_on_failure = before


class JobRun(_Logging, ABC, Generic[T]):
    """One run of a job in another system."""

    @abstractmethod
    async def wait_for_completion(self) -> Any:
        """Wait until it has ended."""

    @abstractmethod
    async def fetch_result(self) -> T:
        """What came of it."""


class JobBlock(_Logging, Block, ABC):
    """A job in another system."""

    @abstractmethod
    async def trigger(self) -> JobRun[Any]:
        """Start it."""


class DatabaseBlock(_Logging, Block, ABC):
    """A database that statements are sent to."""

    @abstractmethod
    async def fetch_one(self, operation: str, parameters: Any = None, **kwargs: Any) -> Any:
        """The first row of a query."""

    @abstractmethod
    async def fetch_many(
        self, operation: str, parameters: Any = None, size: int | None = None, **kwargs: Any
    ) -> list[Any]:
        """The first `size` rows of a query."""

    @abstractmethod
    async def fetch_all(self, operation: str, parameters: Any = None, **kwargs: Any) -> list[Any]:
        """All rows of a query."""

    @abstractmethod
    async def execute(self, operation: str, parameters: Any = None, **kwargs: Any) -> None:
        """Execute a statement."""

    @abstractmethod
    async def execute_many(
        self, operation: str, seq_of_parameters: list[Any], **kwargs: Any
    ) -> None:
        """Execute a statement once for each set of parameters."""

    # A database whose connections are to be closed says how by defining these itself.

    def __enter__(self) -> Self:
        raise NotImplementedError(f"{type(self).__name__} does not support context management.")

    def __exit__(self, *_: object) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not support context management.")

    async def __aenter__(self) -> Self:
        raise NotImplementedError(
            f"{type(self).__name__} does not support async context management."
        )

    async def __aexit__(self, *_: object) -> None:
        raise NotImplementedError(
            f"{type(self).__name__} does not support async context management."
        )


class ObjectStorageBlock(_Logging, Block, ABC):
    """A place where files are kept."""

    @abstractmethod
    async def download_object_to_path(self, from_path: str, to_path: Any, **kwargs: Any) -> Any:
        """Copy one object into a file."""

    @abstractmethod
    async def upload_from_path(self, from_path: Any, to_path: str, **kwargs: Any) -> str:
        """Copy a file to an object."""


class SecretBlock(_Logging, Block, ABC):
    """A secret in another system."""

    @abstractmethod
    async def read_secret(self) -> bytes:
        """The secret."""

    @abstractmethod
    async def write_secret(self, secret_data: bytes) -> str:
        """Put another in its place; what it is known by."""
