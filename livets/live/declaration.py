"""What a view class declares: built once when the class is made, shared by all its views.

It owns the tables of fields, events and names; `LiveView.__livets__` holds it. It never knows an instance.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol

from livets.errors import ConfigError, FieldError
from livets.live.arguments import Arguments, Converter
from livets.live.codec import KeyedCodec
from livets.live.event import Handler, collect_handlers, is_prompt
from livets.live.fields import Field, collect_fields
from livets.live.query import Query

_EXAMPLE: Final = """ts-on:click="save" or "add(1, 'x')", and no expression"""
_HOOKS: Final = ("mount", "handle_params", "updated", "unmount", "migrate", "resumed", "resync")


class Declared(Protocol):
    """An instance of a class with a declaration: what the parts below LiveView know of a view."""

    __livets__: ClassVar[Declaration]


class Declaration:
    """The class object behind a LiveView: everything about it that is the same for every view."""

    __slots__ = (
        "computed",
        "converters",
        "events",
        "fields",
        "hooks",
        "is_prompt",
        "keyed",
        "messages",
        "mount",
        "name",
        "public",
        "query",
    )

    def __init__(self, owner: type, base: type) -> None:
        self.name = owner.__qualname__
        self.fields: dict[str, Field] = collect_fields(owner, base)
        self.events: dict[str, Handler] = collect_handlers(owner, base)
        self.keyed: dict[str, KeyedCodec] = {
            name: declared.keyed for name, declared in self.fields.items() if declared.keyed is not None
        }
        self.computed: frozenset[str] = _computed(owner, base, self.fields)
        """Public properties and methods: usable in templates, considered changed at every commit."""
        self.converters: dict[str, Converter] = {}
        self.messages: dict[str, Converter | None] = {}
        self.hooks: dict[str, Callable[..., Any] | None] = {name: _overridden(owner, base, name) for name in _HOOKS}
        after = [self.hooks["updated"], self.hooks["handle_params"]]
        self.is_prompt = all(hook is None or is_prompt(hook) for hook in after)
        """Nothing that follows a handler has to wait."""
        mount = self.hooks["mount"]
        self.mount: Arguments | None = Arguments(f"{self.name}.mount", mount) if mount is not None else None
        query = self.hooks["handle_params"]
        self.query: Query | None = Query(f"{self.name}.handle_params", query) if query is not None else None
        for name in self.fields.keys() & self.events.keys():
            raise FieldError(f"{self.name}.{name} is both a field and an event; rename one of them")

    def converter(self, name: str) -> Converter | None:
        """Turns what a browser sent for a field into its type; None if no browser can write such a field."""
        if name not in self.converters:
            try:
                self.converters[name] = Converter(self.fields[name].kind)
            except TypeError:
                return None
        return self.converters[name]

    def message(self, owner: type, name: str) -> Converter | None:
        """Turns a broadcast's data into the type of the handler's first parameter; None if it takes none."""
        if name not in self.messages:
            first = Arguments(f"{self.name}.{name}", getattr(owner, name)).first
            self.messages[name] = None if first is None else first.trusting()
        return self.messages[name]

    def takes_argument(self, owner: type, name: str) -> bool:
        """Whether a handler wants to be told what has happened."""
        return Arguments(f"{self.name}.{name}", getattr(owner, name)).first is not None

    def check_method(self, owner: type, handler: Callable[..., Any] | str) -> str:
        """The name under which a handler of timers and topics is stored. Raises ConfigError unless it is a method."""
        name = handler if isinstance(handler, str) else getattr(handler, "__name__", "")
        function = inspect.getattr_static(owner, name, None)
        given = handler if isinstance(handler, str) else getattr(handler, "__func__", handler)
        if not inspect.isfunction(function) or (given != name and given is not function):
            raise ConfigError(
                f"{self.name}: {handler!r} is not a method of the view. Handlers of topics and timers are stored by "
                f"name, so that they survive a restart: write a method and pass self.<method>"
            )
        return name

    def meant(self, owner: type, name: str) -> str:
        """What may be wrong with a template that names `name` as its handler."""
        if not name.isidentifier():
            return f"a handler is the name of a method, {_EXAMPLE}"
        if name in self.computed and inspect.isfunction(getattr(owner, name, None)):
            return f"{name}() is there, and not marked: write @event above its def to let browsers call it"
        near = difflib.get_close_matches(name, self.events, 1, 0.6)
        return f"did you mean {near[0]!r}?" if near else f"write it: @event, and below it `async def {name[:80]}(self)`"


def _overridden(owner: type, base: type, name: str) -> Callable[..., Any] | None:
    function: Callable[..., Any] = getattr(owner, name)
    return None if function is getattr(base, name) else function


def _computed(owner: type, base: type, declared: dict[str, Field]) -> frozenset[str]:
    names = {name for source in owner.__mro__ if source not in base.__mro__ for name in vars(source)}
    return frozenset(n for n in names if not n.startswith("_") and n not in declared and not hasattr(base, n))
