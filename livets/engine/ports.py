"""Typed ports: what a node takes and gives, derived from msgspec Structs, function signatures, or written by hand.

A port of kind None takes anything. `many` says what happens when several connections lead to one input port.
Read by validation, by the executor (which coercion, is it required) and by whoever draws a form or a graph.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec

from livets.engine.errors import EngineError
from livets.engine.stream import Stream
from livets.engine.values import Blob, Json, Kind

Many = Literal["one", "first", "last", "list", "object"]
"""Several connections into one port: refused, the first or last live one in file order, a list, or {node: value}."""

_KIND_OF_TYPE: dict[Any, Kind] = {
    type(None): Kind.NULL,
    None: Kind.NULL,
    bool: Kind.BOOL,
    int: Kind.INT,
    float: Kind.NUMBER,
    str: Kind.STRING,
    bytes: Kind.BYTES,
    Blob: Kind.BYTES,
    Json: Kind.JSON,
    list: Kind.ARRAY,
    tuple: Kind.ARRAY,
    dict: Kind.OBJECT,
    Stream: Kind.STREAM,
}


_ITERATORS = frozenset({AsyncIterator, AsyncIterable, AsyncGenerator})


class Port(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One input or output. `schema` is JSON Schema of the value, where more than its kind is known."""

    name: str
    kind: Kind | None = None
    required: bool = True
    default: Any = None
    many: Many = "one"
    nullable: bool = False
    schema: dict[str, Any] | None = None
    doc: str = ""


class Ports(msgspec.Struct, frozen=True):
    """The input and output ports of one node."""

    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()

    def input(self, name: str) -> Port | None:
        """Return the input port of that name, or None."""
        return next((port for port in self.inputs if port.name == name), None)

    def output(self, name: str) -> Port | None:
        """Return the output port of that name, or None."""
        return next((port for port in self.outputs if port.name == name), None)


def port_of(name: str, annotation: Any = Any, default: Any = inspect.Parameter.empty, many: Many = "one") -> Port:
    """Return the port that a parameter or field of that annotation is.

    >>> port_of("n", int).kind, port_of("n", int | None, None).required
    (<Kind.INT: 'Int'>, False)
    """
    kind, nullable = _kind(annotation)
    missing = default is inspect.Parameter.empty or default is msgspec.NODEFAULT
    return Port(
        name=name,
        kind=None if many in ("list", "object") else kind,
        required=missing,
        default=None if missing else default,
        many=many,
        nullable=nullable,
        schema=_schema(annotation),
    )


def struct_ports(struct: type[msgspec.Struct] | None, many: Mapping[str, Many] | None = None) -> tuple[Port, ...]:
    """Return one port for each field of `struct`."""
    if struct is None:
        return ()
    ports = []
    for field in msgspec.structs.fields(struct):
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        ports.append(port_of(field.name, field.type, default, (many or {}).get(field.name, "one")))
    return tuple(ports)


def signature_ports(function: Callable[..., Any], skip: Sequence[str] = ()) -> Ports:
    """Return the ports of a function: its parameters, and `out` (or one for each field of a Struct it returns)."""
    hints = _hints(function)
    inputs = []
    for name, parameter in parameters_of(function).items():
        if name in skip:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise EngineError(
                f"{_name(function)}: it takes {parameter}, a node only named parameters: wrap it in a function"
            )
        inputs.append(port_of(name, hints.get(name, Any), parameter.default))
    result = hints.get("return", Any)
    if isinstance(result, type) and issubclass(result, msgspec.Struct):
        return Ports(tuple(inputs), struct_ports(result))
    return Ports(tuple(inputs), (port_of("out", result),))


def struct_parameters(function: Callable[..., Any]) -> dict[str, type[msgspec.Struct]]:
    """Return the parameters of `function` that are annotated with a Struct."""
    hints, names = _hints(function), parameters_of(function)
    return {
        n: hint
        for n, hint in hints.items()
        if n in names and isinstance(hint, type) and issubclass(hint, msgspec.Struct)
    }


def parameters_of(function: Callable[..., Any]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of a function; raises EngineError when it does not tell them."""
    try:
        return inspect.signature(function).parameters
    except ValueError:  # some that are written in C
        raise EngineError(f"{_name(function)} does not tell its parameters: wrap it in a function") from None


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", "") or repr(function)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    while isinstance(function, functools.partial):
        function = function.func
    if not isinstance(function, types.FunctionType | types.MethodType | types.BuiltinFunctionType):
        function = type(function).__call__  # an object that can be called
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError:  # a name that only a type checker sees, or one local to a function: the others still count
        return {
            name: hint for name, hint in getattr(function, "__annotations__", {}).items() if not isinstance(hint, str)
        }


def _kind(annotation: Any) -> tuple[Kind | None, bool]:
    """The kind of an annotation, and whether None is allowed beside it."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated or origin in _ITERATORS:  # of a stream node's port it is the kind of each value
        return _kind(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        members = [member for member in typing.get_args(annotation) if member is not type(None)]
        nullable = len(members) < len(typing.get_args(annotation))
        kinds = {_kind(member)[0] for member in members}
        return (kinds.pop() if len(kinds) == 1 else None), nullable
    if origin is typing.Literal:
        kinds = {_KIND_OF_TYPE.get(type(choice)) for choice in typing.get_args(annotation)}
        return (kinds.pop() if len(kinds) == 1 else None), False
    plain = origin or annotation
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        return Kind.OBJECT, False
    try:
        return _KIND_OF_TYPE.get(plain), False
    except TypeError:
        return None, False


def _schema(annotation: Any) -> dict[str, Any] | None:
    """JSON Schema, where the annotation says more than a kind."""
    if annotation is Any or annotation in (None, type(None), bool, int, float, str, bytes, list, dict):
        return None
    try:
        return msgspec.json.schema(annotation)
    except TypeError:  # Stream, Json, Blob and foreign types have none
        return None
