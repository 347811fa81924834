"""Views that share a compiled template, and items of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from jinja2.utils import missing

from livets.render import KeyedList, Templates
from livets.render.rendering import CompiledTemplate


class Mutable(msgspec.Struct):
    id: int
    s: Any


class Frozen(msgspec.Struct, frozen=True):
    id: int
    s: Any


@dataclass
class Plain:
    id: int
    s: Any


class Names:
    """A scope that counts; values that are functions are computed properties."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)
        self.asked: list[str] = []

    def resolve(self, name: str) -> Any:
        self.asked.append(name)
        value = self.values.get(name, missing)
        return value() if callable(value) and name.startswith("p_") else value


class View:
    """A view that shares, and its twin, which never does."""

    def __init__(self, template: CompiledTemplate, alone: CompiledTemplate, values: dict[str, Any]) -> None:
        self.scope = Names(values)
        self.rendering, self.twin = template.start(), alone.start()
        assert self.rendering.html(self.scope) == self.twin.html(self.scope)

    def change(self, dirty: set[str]) -> bool:
        """Whether the patch was shared with, or kept for, others; it is the twin's in any case."""
        own = self.twin.diff(self.scope, dirty)
        patch = self.rendering.diff(self.scope, dirty, shared=True)
        assert patch.diff == own.diff
        assert repr(patch.diff) == repr(own.diff)  # 1 is not True
        assert patch.body == own.body
        patch.commit()
        own.commit()
        for value in self.scope.values.values():
            if isinstance(value, KeyedList):
                value.commit()
        return patch.shared is not None


def compiled(source: str, **options: Any) -> tuple[CompiledTemplate, CompiledTemplate]:
    """A template whose views share, and the same one for their twins."""
    return Templates(**options).from_string(source), Templates(**options).from_string(source)


def shared_by(source: str, before: list[dict[str, Any]], after: list[dict[str, Any]], **options: Any) -> list[int]:
    """For each view the number of the first one whose patch it was sent."""
    template, alone = compiled(source, **options)
    views = [View(template, alone, values) for values in before]
    found: list[Any] = []
    for view, values in zip(views, after, strict=True):
        view.scope.values.update(values)
        own = view.twin.diff(view.scope, set(values))
        patch = view.rendering.diff(view.scope, set(values), shared=True)
        assert patch.diff == own.diff
        patch.commit()
        found.append(patch.diff)
    return [next(number for number, other in enumerate(found) if other is diff) for diff in found]
