"""Steps of a test: what has to be awaited, and a complaint when it was not.

Owns the awaitable that every action returns. A forgotten `await` would make a test pass that tests nothing, so the
next look at the page raises instead. Used by `page` and `element`.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

from livets.testing.errors import NotAwaited

T = TypeVar("T")


class Step(Generic[T]):
    """An action that happens when it is awaited."""

    __slots__ = ("_coroutine", "_open", "_words")

    def __init__(self, words: str, coroutine: Coroutine[Any, Any, T], open_steps: list[Step[Any]]) -> None:
        self._words = words
        self._coroutine = coroutine
        self._open = open_steps
        open_steps.append(self)

    def __await__(self) -> Generator[Any, Any, T]:
        if self in self._open:
            self._open.remove(self)
        return self._coroutine.__await__()

    def drop(self) -> str:
        """Never do it; returns what it was."""
        self._coroutine.close()
        return self._words


class Steps:
    """The steps of one page that nobody has awaited yet."""

    def __init__(self) -> None:
        self._open: list[Step[Any]] = []

    def step(self, words: str, do: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> Step[T]:
        """A new step; `words` say what it is in a complaint."""
        return Step(words, do(*args), self._open)

    def check(self) -> None:
        """Raises NotAwaited when a step was forgotten."""
        if self._open:
            forgotten = ", ".join([step.drop() for step in self._open])
            self._open.clear()
            raise NotAwaited(f"{forgotten} was not awaited, so it has not happened: write `await …`")
