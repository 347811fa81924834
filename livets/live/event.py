"""`@event`: what a browser may call. Nothing else of a view can be reached from outside (invariant 7).

It owns the decorator and the table entry of one handler. It never runs a handler. Called by `declaration`
at class creation and by `dispatch` for each event.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar, overload

from livets.errors import ConfigError
from livets.live.arguments import Arguments

F = TypeVar("F", bound=Callable[..., Any])
_MARK: Final = "__livets_event__"


@overload
def event(method: F) -> F: ...
@overload
def event() -> Callable[[F], F]: ...
def event(method: F | None = None, **options: Any) -> F | Callable[[F], F]:
    """Let the browser call this method of a view, with arguments of the annotated types.

    Arguments come from the browser: check them like any request parameter. The name must not start with an
    underscore and must not be one of LiveView's own. Raises ConfigError for anything but a method.

    >>> from livets import LiveView, event
    >>> class Counter(LiveView):
    ...     count: int = 0
    ...
    ...     @event
    ...     async def increment(self, by: int = 1):
    ...         self.count += by
    """
    if options:
        raise ConfigError(f"@event has no option {', '.join(map(repr, options))} yet")
    if method is None:
        return event
    if not inspect.isfunction(method) or inspect.isgeneratorfunction(method) or inspect.isasyncgenfunction(method):
        raise ConfigError(f"@event goes on a plain or async method, directly on the `def`; this is {method!r}")
    setattr(method, _MARK, True)
    return method


class Handler:
    """One callable event of a view class: the function and its typed parameters."""

    __slots__ = ("arguments", "function", "is_async", "name")

    def __init__(self, owner: type, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function
        self.is_async = inspect.iscoroutinefunction(function)
        self.arguments = Arguments(f"{owner.__qualname__}.{name}", function)


def collect_handlers(owner: type, base: type) -> dict[str, Handler]:
    """All event handlers of `owner`, inherited ones included.

    Raises ConfigError for a name that is private or LiveView's own, and for a handler overridden without @event.
    """
    handlers: dict[str, Handler] = {}
    for source in reversed(owner.__mro__):
        for name, value in vars(source).items():
            if hasattr(value, _MARK):
                _check_name(owner, name, base)
                handlers[name] = Handler(owner, name, value)
            elif name in handlers and callable(value):
                raise ConfigError(
                    f"{source.__qualname__}.{name} overrides an event handler without @event: add @event to keep it "
                    f"callable from the browser, or write `{name} = None` to take it away"
                )
            else:
                handlers.pop(name, None)
    return handlers


def _check_name(owner: type, name: str, base: type) -> None:
    if name.startswith("_"):
        raise ConfigError(f"{owner.__qualname__}.{name}: an @event method must not start with an underscore")
    if hasattr(base, name):
        raise ConfigError(f"{owner.__qualname__}.{name}: the name {name!r} is LiveView's own; rename the event")
