"""What `handle_params` gets of a URL: its query, and path parameters that it asks for, as typed arguments.

It owns the rule of names, defaults and repeated values. It never calls the hook and knows no routes. Built by
`declaration` when a class is made, asked by `navigation` at every URL.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final, NamedTuple, get_origin

import msgspec

from livets.errors import ConfigError, UrlRefused
from livets.live.annotations import alternatives, resolve
from livets.live.arguments import Converter

WHOLE: Final = frozenset({"params", "uri"})
"""Parameters of these names get `self.params` and `self.uri`, not something from the query."""
_SEVERAL: Final = (list, tuple, set, frozenset, Sequence, AbstractSet)
_SWITCHES: Final = {"on": "true", "off": "false"}
_NAMED: Final = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class Wanted(NamedTuple):
    """One parameter of `handle_params`."""

    kind: Any
    convert: Converter
    required: bool
    several: bool
    """All values of the name in a list, instead of the last one."""


class Query:
    """The parameters of one view's `handle_params`.

    Raises ConfigError for annotations that no URL can fill.
    """

    __slots__ = ("_owner", "_rest", "_self", "_wanted", "_whole")

    def __init__(self, owner: str, method: Callable[..., Any]) -> None:
        self._owner = owner
        self._wanted: dict[str, Wanted] = {}
        self._rest: Wanted | None = None
        self._whole: set[str] = set()
        hints = resolve(method, owner)
        parameters = list(inspect.signature(method).parameters.values())
        self._self = parameters[0].name
        for parameter in parameters[1:]:
            if parameter.name in WHOLE:
                self._whole.add(parameter.name)
            elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
                self._rest = self._want(parameter, hints)
            elif parameter.kind in _NAMED:
                self._wanted[parameter.name] = self._want(parameter, hints)
            elif parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
                raise ConfigError(
                    f"{owner}: {parameter.name} is positional-only, but a query has names: remove the '/'"
                )

    @property
    def names(self) -> frozenset[str]:
        """The parameters by name: path parameters among them may change by a live patch."""
        return frozenset(self._wanted)

    def bind(
        self, path: Mapping[str, Any], query: Sequence[tuple[str, str]], *, params: Mapping[str, Any], uri: str
    ) -> dict[str, Any]:
        """Typed keyword arguments. Names that nothing asks for are left out, or collected by `**rest`.

        Raises UrlRefused: 404 for a path parameter, 400 for the query, when something is missing or does not fit.
        """
        given: dict[str, list[str]] = {}
        for name, value in query:
            given.setdefault(name, []).append(value)
        bound: dict[str, Any] = {}
        for name, wanted in self._wanted.items():
            if name in path:
                bound[name] = self._convert(name, wanted, path[name], 404)
            elif values := self._filled(wanted, given.get(name, [])):
                bound[name] = self._convert(name, wanted, values if wanted.several else values[-1], 400)
            elif wanted.required:
                raise UrlRefused(400, f"{self._owner}: the URL has no ?{name}=…, and {name} has no default")
        if self._rest is not None:
            for name, values in given.items():
                if name not in self._wanted and name not in path and name not in {self._self, *WHOLE}:
                    bound[name] = self._convert(name, self._rest, values if self._rest.several else values[-1], 400)
        whole = {"params": params, "uri": uri}
        return bound | {name: whole[name] for name in self._whole}

    def _want(self, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Wanted:
        kind = hints.get(parameter.name, str if parameter.kind is inspect.Parameter.VAR_KEYWORD else Any)
        try:
            convert = Converter(kind)
        except TypeError as error:
            raise ConfigError(
                f"{self._owner}: the parameter {parameter.name}: {kind} cannot come from a URL: {error}. "
                f"Annotate it with str, int, float, bool, a date, an Enum, a Literal, or a list of these."
            ) from None
        several = any((get_origin(part) or part) in _SEVERAL for part in alternatives(kind))
        return Wanted(kind, convert, parameter.default is inspect.Parameter.empty, several)

    @staticmethod
    def _filled(wanted: Wanted, values: list[str]) -> list[str]:
        """Forms send every control, empty ones too: an empty number was not given."""
        parts = alternatives(wanted.kind)
        if wanted.several or Any in parts or str in parts:
            return values
        return [_SWITCHES.get(value, value) if bool in parts else value for value in values if value.strip()]

    def _convert(self, name: str, wanted: Wanted, value: Any, status: int) -> Any:
        try:
            return wanted.convert(value)
        except msgspec.ValidationError as error:
            raise UrlRefused(status, f"{self._owner}: {name}={value!r} in the URL does not fit: {error}") from None
