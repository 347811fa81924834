"""From a browser's event to a typed call: everything is checked before anything changes (invariant 7).

It owns the decision what an event may do. It never runs a handler. Called by the runner with each event.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from livets.errors import EventRefused
from livets.wire import Event, codes

if TYPE_CHECKING:
    from livets.live.view import LiveView
    from livets.render import CompiledTemplate


class Call(NamedTuple):
    """What an event does: assign fields, then call a method (or nothing)."""

    fields: dict[str, Any]
    function: Callable[..., Any] | None
    args: Sequence[Any]
    named: Mapping[str, Any]
    is_async: bool | None = None
    """Whether the method is an async one, where that is known."""


def prepare(view: LiveView, event: Event, template: CompiledTemplate) -> Call:
    """The call that `event` asks for. Raises EventRefused when the view does not allow it."""
    fields = {}
    if event.fields:
        fields = {name: _field(view, name, value, template) for name, value in event.fields.items()}
    if not event.handler:
        return Call(fields, None, (), {})
    handler = view.__livets__.events.get(event.handler)
    if handler is None:
        payload = {**event.payload, "args": event.args}
        return Call(fields, type(view).handle_event, (view, event.handler, payload), {})
    args, named = handler.arguments.bind(event.args, event.payload)
    return Call(fields, handler.function, (view, *args), named, handler.is_async)


def corrected(view: LiveView, assigned: dict[str, Any]) -> list[str]:
    """Bound fields that hold something else now than the browser sent: their controls have to be written (D17)."""
    values = view.__dict__
    return [name for name, sent in assigned.items() if type(values[name]) is not type(sent) or values[name] != sent]


def _field(view: LiveView, name: str, value: Any, template: CompiledTemplate) -> Any:
    declaration = view.__livets__
    field = declaration.fields.get(name)
    if field is None or not field.persist or not (field.bind or name in template.models):
        raise EventRefused(
            codes.UNKNOWN_FIELD,
            f"{declaration.name} has no field {name!r} that a browser may write: a field is writable if the template "
            f'has ts-model="{name}" for it or it is declared with field(bind=True)',
        )
    convert = declaration.converter(name)
    if convert is None:
        raise EventRefused(codes.BAD_FIELD, f"{declaration.name}.{name} is of a type that no control can hold")
    if isinstance(value, list) and declaration.fields[name].kind is bool:
        value = bool(value)  # a checkbox with a value of its own: browsers send the values of all that share the field
    try:
        return convert(value)
    except msgspec.ValidationError as error:
        raise EventRefused(codes.BAD_FIELD, f"{declaration.name}.{name}: {error}") from None
