"""The form of what a run is given: a pydantic model, or any type that pydantic knows."""

from __future__ import annotations

from collections.abc import Collection
from inspect import isclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID, uuid4

import pydantic

from headrace.input.actions import (
    FlowRunInput,
    acreate_flow_run_input,
    acreate_flow_run_input_from_model,
    aread_flow_run_input,
    ensure_flow_run_id,
)
from headrace.input.keysets import Keyset, keyset_from_base_key
from headrace.utilities.asyncutils import dispatch, dispatched

if TYPE_CHECKING:
    from headrace.input.receiving import GetInputHandler

T = TypeVar("T")

_SENDER = "headrace.flow-run."


class RunInputMetadata(pydantic.BaseModel):
    """Where an input came from: its key, who sent it, and the flow run that got it."""

    key: str
    sender: str | None = None
    receiver: UUID


class BaseRunInput(pydantic.BaseModel):
    """What `RunInput` and the inputs of plain types share."""

    model_config = pydantic.ConfigDict(extra="forbid")

    _description: ClassVar[str | None] = None
    _metadata: RunInputMetadata = pydantic.PrivateAttr()

    @property
    def metadata(self) -> RunInputMetadata:
        """Where it came from."""
        return self._metadata

    @classmethod
    def keyset_from_type(cls) -> Keyset:
        """The keys of an input that is known by the name of its class alone."""
        return keyset_from_base_key(cls.__name__.lower())

    @classmethod
    async def asave(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> None:
        """Keep with a flow run what form an input has to have, for those who are to give it."""
        await acreate_flow_run_input(keyset["schema"], cls.model_json_schema(), flow_run_id)
        if cls._description is not None:
            await acreate_flow_run_input(keyset["description"], cls._description, flow_run_id)

    @classmethod
    def save(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> Any:
        """`asave` for any code: in asynchronous code it has to be awaited."""
        return dispatch(cls.asave(keyset, flow_run_id))

    @classmethod
    async def aload(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> Any:
        """What a flow run was given, as an instance of this class.

        Raises:
            pydantic.ValidationError: it does not fit.
        """
        receiver = ensure_flow_run_id(flow_run_id)
        value = await aread_flow_run_input(keyset["response"], receiver)
        return cls._received(value or {}, keyset["response"], None, receiver)

    @classmethod
    def load(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> Any:
        """`aload` for any code: in asynchronous code it has to be awaited."""
        return dispatch(cls.aload(keyset, flow_run_id))

    @classmethod
    def load_from_flow_run_input(cls, flow_run_input: FlowRunInput) -> Self:
        """An input that was found, as an instance of this class."""
        given = flow_run_input
        return cls._received(given.value, given.key, given.sender, given.flow_run_id)

    @classmethod
    def with_initial_data(cls, description: str | None = None, **values: Any) -> type[Self]:
        """The same form with other defaults.

        Args:
            description: what to tell those who are to give the input.
            values: the defaults, by field.
        """
        fields: dict[str, Any] = {}
        for name, value in values.items():
            known = cls.model_fields.get(name)
            fields[name] = (known.annotation if known else type(value), value)
        model: type[Self] = pydantic.create_model(cls.__name__, __base__=cls, **fields)
        if description is not None:
            model._description = description
        return model

    async def arespond(
        self, run_input: Any, sender: str | None = None, key_prefix: str | None = None
    ) -> None:
        """Send an input to the flow run that sent this one.

        Raises:
            RuntimeError: no flow run has sent it.
        """
        came_from = self.metadata.sender or ""
        if not came_from.startswith(_SENDER):
            raise RuntimeError("Cannot respond to an input that was not sent by a flow run.")
        receiver = UUID(came_from.removeprefix(_SENDER))
        await asend_input(run_input, receiver, sender, key_prefix)

    def respond(
        self, run_input: Any, sender: str | None = None, key_prefix: str | None = None
    ) -> Any:
        """`arespond` for any code: in asynchronous code it has to be awaited."""
        return dispatch(self.arespond(run_input, sender, key_prefix))

    async def asend_to(
        self, flow_run_id: UUID, sender: str | None = None, key_prefix: str | None = None
    ) -> None:
        """Send this to a flow run."""
        await asend_input(self, flow_run_id, sender, key_prefix)

    def send_to(
        self, flow_run_id: UUID, sender: str | None = None, key_prefix: str | None = None
    ) -> Any:
        """`asend_to` for any code: in asynchronous code it has to be awaited."""
        return dispatch(self.asend_to(flow_run_id, sender, key_prefix))

    @classmethod
    def _received(cls, value: Any, key: str, sender: str | None, receiver: UUID) -> Self:
        instance = cls(**value)
        instance._metadata = RunInputMetadata(key=key, sender=sender, receiver=receiver)
        return instance


class RunInput(BaseRunInput):
    """A form of input; subclass it with the fields that are to be given."""

    @classmethod
    def receive(cls, **options: Any) -> GetInputHandler:
        """Inputs of this form that are sent to this code's flow run; see `receive_input`."""
        from headrace.input.receiving import GetInputHandler

        return GetInputHandler(cls, **options)

    @classmethod
    def subclass_from_base_model_type(cls, model_cls: type[pydantic.BaseModel]) -> type[RunInput]:
        """The form that a pydantic model describes."""
        return type(f"{model_cls.__name__}RunInput", (RunInput, model_cls), {})


class AutomaticRunInput(BaseRunInput, Generic[T]):
    """A form whose one field, `value`, is of any type."""

    value: T

    @classmethod
    async def aload(cls, keyset: Keyset, flow_run_id: UUID | None = None) -> T:
        """The value that a flow run was given."""
        instance: Self = await super().aload(keyset, flow_run_id)
        return instance.value

    @classmethod
    def subclass_from_type(cls, kind: Any) -> type[AutomaticRunInput[Any]]:
        """The form of a value of type `kind`."""
        name = getattr(kind, "__name__", getattr(kind, "_name", "") or "").lower()
        fields: dict[str, Any] = {"value": (kind, ...)}
        return pydantic.create_model(
            f"{name}AutomaticRunInput", __base__=AutomaticRunInput, **fields
        )

    @classmethod
    def receive(cls, **options: Any) -> GetInputHandler:
        """Values of this type that are sent to this code's flow run; see `receive_input`."""
        from headrace.input.receiving import GetInputHandler

        return GetInputHandler(cls, **options)


def run_input_subclass_from_type(kind: Any) -> type[RunInput] | type[AutomaticRunInput[Any]]:
    """The form of input that a type stands for: a `RunInput`, a pydantic model, or any other."""
    if isclass(kind) and issubclass(kind, RunInput | AutomaticRunInput):
        return kind
    if isclass(kind) and issubclass(kind, pydantic.BaseModel):
        return RunInput.subclass_from_base_model_type(kind)
    return AutomaticRunInput.subclass_from_type(kind)


async def asend_input(
    run_input: Any, flow_run_id: UUID, sender: str | None = None, key_prefix: str | None = None
) -> None:
    """Send something to a flow run that looks for it by `receive_input`.

    Args:
        run_input: a `RunInput`, or a value of any type that JSON can hold.
        flow_run_id: who is to get it.
        sender: who sends it; by default this code's flow run, if there is one.
        key_prefix: how its key is to begin; by default as `receive_input` for its type expects.

    Raises:
        ObjectNotFound: there is no such run.
    """
    if isinstance(run_input, RunInput):
        model: BaseRunInput = run_input
    else:
        model = AutomaticRunInput.subclass_from_type(type(run_input))(value=run_input)
    prefix = key_prefix or auto_prefix(type(model))
    await acreate_flow_run_input_from_model(f"{prefix}-{uuid4()}", model, flow_run_id, sender)


send_input = dispatched(asend_input)


def receive_input(
    input_type: Any,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    raise_timeout_error: bool = False,
    exclude_keys: Collection[str] | None = None,
    key_prefix: str | None = None,
    flow_run_id: UUID | None = None,
    with_metadata: bool = False,
) -> GetInputHandler:
    """The inputs of a type that are sent to a flow run by `send_input`.

        for number in receive_input(int, timeout=60):
            print(number)

    Args:
        input_type: a `RunInput`, a pydantic model, or any type that pydantic knows.
        timeout: how many seconds to wait for each; None waits as long as it takes.
        poll_interval: seconds between two looks; half a second at most in any case.
        raise_timeout_error: whether an iteration ends with a TimeoutError instead of quietly.
        exclude_keys: keys of inputs to leave out.
        key_prefix: how the keys begin; by default as `send_input` makes them for that type.
        flow_run_id: whose inputs; by default those of the flow run that this code runs in.
        with_metadata: whether plain values come with their `metadata`, as the field `value`.
    """
    return run_input_subclass_from_type(input_type).receive(
        timeout=timeout,
        poll_interval=poll_interval,
        raise_timeout_error=raise_timeout_error,
        exclude_keys=exclude_keys,
        key_prefix=key_prefix,
        flow_run_id=flow_run_id,
        with_metadata=with_metadata,
    )


def auto_prefix(kind: type[BaseRunInput]) -> str:
    """How the keys of inputs of this form begin, when nobody says otherwise."""
    return f"{kind.__name__.lower()}-auto"
