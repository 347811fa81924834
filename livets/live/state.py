"""`self.state`: the declared fields of a view as a mapping.

It owns no values: they are the view's. It never reaches what is not declared. Made by LiveView at each use.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from livets.errors import FieldError
from livets.live.declaration import Declared


class State(Mapping[str, Any]):
    """The declared fields of a view as a mapping; assigning an entry assigns the field."""

    __slots__ = ("_view",)

    def __init__(self, view: Declared) -> None:
        self._view = view

    def require(self, name: str) -> None:
        """Raises FieldError unless `name` is a declared field."""
        fields = self._view.__livets__.fields
        if name not in fields:
            raise FieldError(
                f"{type(self._view).__qualname__} has no field {name!r}; declare it: `{name}: <type> = <default>`. "
                f"It has: {', '.join(sorted(fields))}"
            )

    def __getitem__(self, name: str) -> Any:
        if name not in self._view.__livets__.fields or name not in self._view.__dict__:
            raise KeyError(name)
        return getattr(self._view, name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.require(name)
        setattr(self._view, name, value)

    def __iter__(self) -> Iterator[str]:
        values = self._view.__dict__
        return iter([name for name in self._view.__livets__.fields if name in values and name != "title"])

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"State({ {name: self._view.__dict__[name] for name in self} })"
