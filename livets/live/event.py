"""`@event`: what a browser may call. Nothing else of a view can be reached from outside (invariant 7).

It owns the decorator and the table entry of one handler. It never runs a handler. Called by `declaration`
at class creation and by `dispatch` for each event.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar, get_args, overload

from livets.errors import ConfigError
from livets.live.arguments import Arguments

F = TypeVar("F", bound=Callable[..., Any])
Policy = Literal["queue", "latest", "drop", "parallel"]
"""What happens when an event comes while others of its view are at work (D7)."""
_MARK: Final = "__livets_event__"
_OVERRIDABLE: Final = frozenset({"cancel"})
"""Names of LiveView's own that an event may take: dialogs have a Cancel. `super().cancel(...)` is still there."""


@overload
def event(method: F) -> F: ...
@overload
def event(*, policy: Policy = "queue") -> Callable[[F], F]: ...
def event(method: F | None = None, *, policy: Policy = "queue") -> F | Callable[[F], F]:
    """Let the browser call this method of a view, with arguments of the annotated types.

    Arguments come from the browser: check them like any request parameter. `policy`: "queue" runs one event of the
    view after the other; "drop" forgets an event while one of the same handler runs or waits; "latest" cancels that
    one in favour of the newer; "parallel" runs beside others and changes the view only in `async with self.commit():`.

    The name must not start with an underscore and must not be one of LiveView's own. Raises ConfigError for anything
    but a method, and for `latest` and `parallel` on a plain `def`.

    >>> from livets import LiveView, event
    >>> class Counter(LiveView):
    ...     count: int = 0
    ...
    ...     @event
    ...     async def increment(self, by: int = 1):
    ...         self.count += by
    """
    if policy not in get_args(Policy):
        raise ConfigError(f"@event(policy={policy!r}): a policy is one of {', '.join(map(repr, get_args(Policy)))}")
    if method is None:
        return lambda method: event(method, policy=policy)  # type: ignore[call-overload]
    if not inspect.isfunction(method) or inspect.isgeneratorfunction(method) or inspect.isasyncgenfunction(method):
        raise ConfigError(f"@event goes on a plain or async method, directly on the `def`; this is {method!r}")
    setattr(method, _MARK, policy)
    return method


class Handler:
    """One callable event of a view class: the function, its typed parameters and its policy."""

    __slots__ = ("arguments", "function", "is_async", "is_prompt", "name", "policy")

    def __init__(self, owner: type, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function
        self.is_async = inspect.iscoroutinefunction(function)
        self.is_prompt = is_prompt(function)
        self.policy: Policy = getattr(function, _MARK)
        if self.policy in ("latest", "parallel") and not self.is_async:
            raise ConfigError(
                f"{owner.__qualname__}.{name}: policy={self.policy!r} needs an `async def`. A plain def runs in a "
                f"thread, which cannot be cancelled and must hold the view to its end; make it async (and what blocks "
                f"in it `await asyncio.to_thread(...)`), or use policy='queue' or 'drop'."
            )
        self.arguments = Arguments(f"{owner.__qualname__}.{name}", function)


def is_prompt(function: Callable[..., Any]) -> bool:
    """Whether this is an async function that has nothing to await, so it ends where it begins.

    >>> async def count(view): view.number += 1
    >>> is_prompt(count)
    True
    """
    code = getattr(function, "__code__", None)
    if code is None or not code.co_flags & inspect.CO_COROUTINE:
        return False
    return all(instruction.opname != "SEND" for instruction in dis.get_instructions(code))


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
    if hasattr(base, name) and name not in _OVERRIDABLE:
        raise ConfigError(f"{owner.__qualname__}.{name}: the name {name!r} is LiveView's own; rename the event")
