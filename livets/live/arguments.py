"""What a browser may pass: values become typed arguments, or the event is refused and nothing has changed.

It owns the converters, built when a class is made. It never calls a handler and never touches a view.
Called by `event` (handlers), `declaration` (fields, mount) and `topics` (messages).
"""

from __future__ import annotations

import inspect
import math
import typing
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final

import msgspec

from livets.errors import ConfigError, EventRefused
from livets.live import codec
from livets.live.annotations import alternatives, resolve
from livets.wire import codes

_NUMBERS: Final = frozenset({int, float, type(None)})
_EXACT: Final = frozenset({int, str, bool, bytes, type(None)})
"""What no number that is none can hide in."""
_POSITIONAL: Final = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Converter:
    """Turns plain data into a value of one type; strings of form controls become numbers where those are meant.

    Raises TypeError for types that cannot be made from plain data.
    """

    __slots__ = ("_empty_is_none", "_is_exact", "_kind", "_on_is_true", "_strip")

    def __init__(self, kind: Any) -> None:
        if kind is not Any:
            codec.refuse_custom(kind)
        parts = alternatives(kind)
        self._kind = kind
        self._strip = parts <= _NUMBERS
        self._is_exact = parts <= _EXACT
        self._empty_is_none = type(None) in parts and str not in parts
        self._on_is_true = bool in parts and str not in parts

    def __call__(self, value: Any) -> Any:
        """Raises msgspec.ValidationError for a value that is not one of the type."""
        if self._kind is Any:
            return value
        if isinstance(value, str):
            if self._strip:
                value = value.strip()
            if self._empty_is_none and not value:
                return None
            if self._on_is_true and value == "on":  # what a form says of a check box that has no value of its own
                return True
        converted = msgspec.convert(value, self._kind, strict=not isinstance(value, str | dict | list))
        if not self._is_exact:
            _refuse_infinite(converted)
        return converted

    def trusting(self) -> Converter:
        """The same for values of the application's own, which may be infinite."""
        other = copy(self)
        other._is_exact = True
        return other


def _refuse_infinite(value: Any) -> None:
    """NaN passes every check that a handler makes (`amount > balance` is false), and no control can hold one.

    Raises msgspec.ValidationError.
    """
    if isinstance(value, float | Decimal):
        if not (math.isfinite(value) if isinstance(value, float) else value.is_finite()):
            raise msgspec.ValidationError(f"{value} is no number to calculate with")
    elif isinstance(value, Mapping):
        for entry in value.values():
            _refuse_infinite(entry)
    elif isinstance(value, list | tuple | set | frozenset):
        for entry in value:
            _refuse_infinite(entry)
    elif isinstance(value, msgspec.Struct) or is_dataclass(value):
        for name in _names_of(value):
            _refuse_infinite(getattr(value, name))


def _names_of(value: Any) -> Iterable[str]:
    return value.__struct_fields__ if isinstance(value, msgspec.Struct) else (each.name for each in fields(value))


class Parameter(typing.NamedTuple):
    """One parameter of a handler."""

    name: str
    convert: Converter
    required: bool
    positional: bool
    """May be passed by position."""
    by_name: bool
    """May be passed by name."""


class Arguments:
    """The parameters of one method, `self` aside.

    Raises ConfigError for annotations that no browser can fill.
    """

    __slots__ = ("_names", "_owner", "_parameters", "_rest", "takes_any_name")

    def __init__(self, owner: str, method: Callable[..., Any]) -> None:
        self._owner = owner
        self._rest: Converter | None = None
        self.takes_any_name = False
        parameters = []
        hints = resolve(method, owner)
        for parameter in list(inspect.signature(method).parameters.values())[1:]:
            kind = hints.get(parameter.name, Any)
            try:
                convert = Converter(kind)
            except TypeError as error:
                raise ConfigError(
                    f"{owner}: the parameter {parameter.name}: {kind} cannot come from a browser: {error}. "
                    f"Annotate it with plain values, lists, dicts, dataclasses or msgspec Structs."
                ) from None
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                self._rest = convert
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                self.takes_any_name = True
            else:
                parameters.append(
                    Parameter(
                        parameter.name,
                        convert,
                        parameter.default is inspect.Parameter.empty,
                        parameter.kind in _POSITIONAL,
                        parameter.kind is not inspect.Parameter.POSITIONAL_ONLY,
                    )
                )
        self._parameters = tuple(parameters)
        self._names = frozenset(parameter.name for parameter in parameters)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All but `*args` and `**kwargs`, in order."""
        return self._parameters

    @property
    def rest(self) -> Converter | None:
        """The converter of `*args`, if there are any."""
        return self._rest

    @property
    def required(self) -> frozenset[str]:
        """Names of the parameters without a default."""
        return frozenset(parameter.name for parameter in self._parameters if parameter.required)

    @property
    def first(self) -> Converter | None:
        """The converter of the first parameter, if there is one."""
        return self._parameters[0].convert if self._parameters else self._rest

    def bind(self, args: list[Any], payload: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Typed arguments of a call: positional ones first, then by their names the element's `ts-value:…`, what the
        event carries (value, checked, key, form, data), fields of the form, `data-…` attributes.

        Raises EventRefused("bad_arguments") for missing, superfluous or ill-typed ones.
        """
        if not (args or payload or self._parameters):
            return [], {}
        given = _group(payload, "named")
        named = {**_group(payload, "data"), **_group(payload, "form"), **payload, **given}
        positional: list[Any] = []
        by_name: dict[str, Any] = {}
        remaining = iter(args)
        left = len(args)
        for parameter in self._parameters:
            if parameter.positional and left:
                if parameter.name in given:
                    raise self._refused(
                        f"the argument {parameter.name!r} is given twice, by place and by ts-value",
                        "take one of them out",
                    )
                positional.append(self._convert(parameter.name, parameter.convert, next(remaining)))
                left -= 1
            elif parameter.by_name and parameter.name in named:
                by_name[parameter.name] = self._convert(parameter.name, parameter.convert, named[parameter.name])
            elif parameter.required:
                raise self._refused(
                    f"the argument {parameter.name!r} is missing",
                    f'write it between the handler\'s brackets, as ts-value:{parameter.name}="..." or as a control '
                    f"with that name, or give it a default",
                )
        if left and self._rest is None:
            takes = len(args) - left
            count = f"{takes} positional argument{'' if takes == 1 else 's'}"
            raise self._refused(f"it takes {count}, not {len(args)}", "take the others out of the template's call")
        if self._rest is not None:
            positional += [self._convert("*", self._rest, value) for value in remaining]
        for name in given.keys() - by_name.keys():
            if not self.takes_any_name:
                raise self._refused(
                    f"it has no argument {name!r} (ts-value:{name} in the template)",
                    "name one of the handler's arguments",
                )
            by_name[name] = given[name]
        return positional, by_name

    def bind_names(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Typed keyword arguments for `mount` from path parameters; those it does not declare are left out."""
        names: Iterable[str] = values if self.takes_any_name else self._names & values.keys()
        converters = {parameter.name: parameter.convert for parameter in self._parameters}
        bound = {
            name: self._convert(name, converters[name], values[name]) if name in converters else values[name]
            for name in names
        }
        for parameter in self._parameters:
            if parameter.required and parameter.name not in bound:
                raise self._refused(f"the argument {parameter.name!r} is missing")
        return bound

    def _convert(self, name: str, convert: Converter, value: Any) -> Any:
        try:
            return convert(value)
        except msgspec.ValidationError as error:
            raise self._refused(f"the argument {name!r} does not fit: {error}") from None

    def _refused(self, why: str, hint: str = "") -> EventRefused:
        return EventRefused(codes.BAD_ARGUMENTS, f"{self._owner}: {why}", hint)


def _group(payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A part of the payload that is a map of its own; empty if it is not there, or is something else."""
    group = payload.get(name)
    return group if isinstance(group, dict) else {}
