"""transform.join: makes one array of two, by equal fields, by place, or each with each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.encoding import canonical
from livets.engine.errors import NodeError
from livets.engine.node import Node
from livets.flow.records import MISSING, get

MAX_ITEMS = 1_000_000
Pair = tuple[int | None, int | None]
"""Places in `left` and `right`; None where nothing matches."""


class Join(Node):
    """Joins the objects of `left` with those of `right`: by equal fields, by `place`, or `all` with all.

    `on` names the paths that must hold the same (left: right); what is missing matches nothing. `keep`: `matches`; also
    the rest of `left`, `right` or `everything`; or only what matches nothing: `left_alone`, `right_alone`. What is
    alone stays in its place (of `right`: after all others), or comes last (`alone_last`). A match gives the fields of
    `both` (where both have one `prefer` says whose; `nested`: objects in objects and arrays are joined in turn;
    `suffixes`: all fields get `_1` or `_2`), or those of one side as `give` says. `each`: all matches of an object, or
    its first or last. `as_text`: 1 is "1".
    """

    type = "transform.join"
    joins = True

    class Config(msgspec.Struct):
        by: Literal["fields", "place", "all"] = "fields"
        on: dict[str, str] = {}
        keep: Literal["matches", "left", "right", "everything", "left_alone", "right_alone"] = "matches"
        give: Literal["both", "left", "right"] = "both"
        prefer: Literal["left", "right"] = "right"
        each: Literal["all", "first", "last"] = "all"
        nested: bool = False
        suffixes: bool = False
        alone_last: bool = False
        as_text: bool = False

        def __post_init__(self) -> None:
            if (self.by == "fields") != bool(self.on):
                raise ValueError("on: name the fields that must be the same, for `by: fields` and for nothing else")

    class Inputs(msgspec.Struct):
        left: list[Any] = []
        right: list[Any] = []

    class Outputs(msgspec.Struct):
        out: list[Any]

    async def execute(self, ctx: NodeContext) -> Any:
        return self.joined(_objects(ctx.inputs["left"], "left"), _objects(ctx.inputs["right"], "right"))

    def joined(self, left: list[Any], right: list[Any]) -> list[Any]:
        """Return what two arrays of objects give."""
        made: list[Any] = []
        last: list[Any] = []
        for number, (one, other) in enumerate(self._pairs(left, right)):
            if number >= MAX_ITEMS:
                raise NodeError(f"it gives more than {MAX_ITEMS} items", "input", retryable=False)
            if one is not None and other is not None:
                made.append(self._matched(left[one], right[other]))
            else:
                (last if self.config.alone_last else made).append(self._alone(left, right, (one, other)))
        return made + last

    def _pairs(self, left: list[Any], right: list[Any]) -> Iterator[Pair]:
        """What goes together, and what stays alone as far as it is wanted."""
        config = self.config
        if config.by == "all":
            yield from ((one, other) for one in range(len(left)) for other in range(len(right)))
            return
        matches = self._matches(left, right)
        used = {other for others in matches for other in others}
        if config.give == "right" and config.keep == "matches":
            yield from ((0, other) for other in sorted(used))
            return
        for one, others in enumerate(matches):
            if others and not config.keep.endswith("_alone"):
                yield from ((one, other) for other in (others[:1] if config.give == "left" else others))
            elif not others and config.keep in ("left", "everything", "left_alone"):
                yield one, None
        if config.keep in ("right", "everything", "right_alone"):
            yield from ((None, other) for other in range(len(right)) if other not in used)

    def _matches(self, left: list[Any], right: list[Any]) -> list[list[int]]:
        """For each object of `left` the places of those of `right` that match."""
        if self.config.by == "place":
            return [[place] if place < len(right) else [] for place in range(len(left))]
        places: dict[Any, list[int]] = {}
        for other, record in enumerate(right):
            key = self._key(record, self.config.on.values())
            if key is not None:
                places.setdefault(key, []).append(other)
        wanted = {"all": slice(None), "first": slice(1), "last": slice(-1, None)}[self.config.each]
        return [places.get(self._key(record, self.config.on), [])[wanted] for record in left]

    def _key(self, record: Any, paths: Iterable[str]) -> tuple[Any, ...] | None:
        found = [get(record, path, MISSING) for path in paths]
        return (
            None
            if any(one is MISSING for one in found)
            else tuple(_comparable(one, self.config.as_text) for one in found)
        )

    def _matched(self, one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        if self.config.give != "both":
            return one if self.config.give == "left" else other
        if self.config.suffixes:
            return _suffixed(one, "_1") | _suffixed(other, "_2")
        under, over = (one, other) if self.config.prefer == "right" else (other, one)
        return _merged(under, over) if self.config.nested else under | over

    def _alone(self, left: list[Any], right: list[Any], pair: Pair) -> dict[str, Any]:
        place, other = pair
        found, suffix = (left[place], "_1") if place is not None else (right[other or 0], "_2")
        kept: dict[str, Any] = _suffixed(found, suffix) if self.config.suffixes else found
        return kept


def _objects(items: list[Any], port: str) -> list[Any]:
    for place, item in enumerate(items):
        if not isinstance(item, dict):
            raise NodeError(f"{port}: item {place} is {item!r:.60}, and no object", "input", retryable=False)
    return items


def _comparable(value: Any, as_text: bool) -> Any:
    if as_text and type(value) in (int, float):
        value = str(int(value)) if value == int(value) else str(value)
    if type(value) in (int, float):
        return ("number", value)
    return canonical(value)


def _suffixed(record: dict[str, Any], suffix: str) -> dict[str, Any]:
    return {f"{name}{suffix}": value for name, value in record.items()}


def _merged(under: Any, over: Any) -> Any:
    """Both together: objects by name, arrays by place, of all else what is `over`."""
    if isinstance(under, dict) and isinstance(over, dict):
        return under | {name: _merged(under[name], value) if name in under else value for name, value in over.items()}
    if isinstance(under, list) and isinstance(over, list):
        return [_merged(a, b) for a, b in zip(under, over, strict=False)] + [*under[len(over) :], *over[len(under) :]]
    return over
