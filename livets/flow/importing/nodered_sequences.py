"""Node-RED's sequences: what stands between a Split and its Join becomes a sub-workflow, run for each part in turn.

A Split without a Join begins a sub-workflow with all that follows. Sequences that are entered in the middle, or nested
in each other, are not drawn, and told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from livets.flow.importing.drawing import Drawing, Maker, Piece, Unmapped, clean
from livets.flow.importing.nodered_flat import MAX_DEEP, Raw
from livets.flow.importing.nodered_values import message_path
from livets.flow.importing.ways import Way, reached
from livets.flow.model import InputSpec

_BUILDS = {"array": "array", "string": "text", "object": "object", "merged": "merged"}
_SIGNS = {"\\n": "\n", "\\t": "\t", "\\r": "\r", "\\\\": "\\"}
MAX_SPLITS = 200
"""So many in one frame are looked at; each costs a walk over the whole file."""
_OPEN = "its sequence is entered in the middle, nested in another, or joined twice: use flow.map over a sub-workflow"
Draw = Callable[[Drawing, Piece], dict[str, Piece]]
"""Draws what stands between into a drawing, after a piece. Returns all pieces by name."""


class Sequence(msgspec.Struct, frozen=True):
    """The names between a Split and its Join ("": there is none)."""

    body: frozenset[str]
    join: str = ""


def sequence(split: str, nodes: Mapping[str, Raw], ways: list[Way]) -> Sequence | None:
    """Return what follows a Split up to its Join, or None when something leads in or out besides them."""
    begins = [way.target for way in ways if way.source == split]
    joins = {id for id, raw in nodes.items() if raw["type"] == "join"}
    inner = [way for way in ways if way.source not in joins]
    found = reached(begins, inner) - {split}
    ends, body = found & joins, found - joins
    if len(ends) > 1 or (ends and any(nodes[id]["type"] == "split" for id in body)):
        return None
    inside = body | {split}
    entered = any(way.source not in inside and way.target in body | ends for way in ways)
    circle = any(way.target == split and way.source in found for way in ways)
    return None if entered or circle else Sequence(frozenset(body), next(iter(ends), ""))


def outermost(
    nodes: Mapping[str, Raw], ways: list[Way], order: Iterable[str], depth: int = 0
) -> tuple[dict[str, Sequence], dict[str, str]]:
    """Return the sequence of each Split that stands in no other one, and why others cannot be drawn, by name."""
    found: dict[str, Sequence] = {}
    refused: dict[str, str] = {}
    inside: set[str] = set()
    for id in order:
        if nodes[id]["type"] != "split" or id in inside:
            continue
        its = sequence(id, nodes, ways) if depth < MAX_DEEP and len(found) + len(refused) < MAX_SPLITS else None
        if its is None or its.body & inside or its.join in inside:
            refused[id] = _OPEN
            continue
        for name, read in ((id, _split), (its.join, _join)):
            try:
                if name:
                    read(nodes[name])
            except Unmapped as reason:
                refused[name] = str(reason)
                refused.setdefault(id, "its Join has no equivalent")
        if id not in refused:
            found[id] = its
            inside |= its.body | ({its.join} if its.join else set())
    return found, refused


def draw_sequence(split: Raw, join: Raw | None, back: list[Way], make: Maker, draw: Draw) -> tuple[Piece, Piece]:
    """Draw message.split, flow.map over what stands between, message.join; returns the pieces of both ends.

    `back` are the ways that lead to the Join.
    """
    inner = make.drawing.inner()
    inner.inputs["item"] = InputSpec(description="the message of one part")
    begin = Maker(inner, f"{make.name} part", "")
    first = begin.add("transform.compute", value={"$input": "item"})
    inner.nodes += begin.added
    pieces = draw(inner, Piece([], [(first, "out")]))
    end = Maker(inner, f"{make.name} back", "")
    last = end.add("flow.merge")
    inner.nodes += end.added
    for way in back:
        exits = pieces[way.source].exits
        if way.output < len(exits):
            inner.link(exits[way.output], (last, "in"))
    if join is None:
        inner.link((first, "out"), (last, "in"))
    elif not any(link.to_node == last for link in inner.links):
        inner.quiet([(last, "in")])
    work = make.drawing.free_id(f"each_{clean(make.name)}")
    make.definitions[work] = inner.workflow(work, outputs={"message": f"{last}.out"})
    parts = make.add("message.split", _split(split))
    each = make.after((parts, "out"), "flow.map", {"workflow": work, "concurrency": 1}, to="items")
    if join is None:
        return Piece([(parts, "message")]), Piece()
    whole = make.after((each, "out"), "message.join", _join(join), to="messages")
    return Piece([(parts, "message")]), Piece([], [(whole, "out")])


def _split(raw: Raw) -> dict[str, Any]:
    if raw.get("stream") is True:
        raise Unmapped("it takes all messages as one stream of text: use push mode")
    config: dict[str, Any] = {"path": message_path(raw.get("property") or "payload")}
    kind, sign = raw.get("spltType", "str"), raw.get("splt", "\\n")
    if kind == "len":
        config["length"] = _count(sign)
    elif kind == "str":
        config["separator"] = _unescaped(str(sign))
    else:
        raise Unmapped("it cuts bytes")
    if raw.get("arraySplt") not in (None, ""):
        config["size"] = _count(raw["arraySplt"])
    if raw.get("addname"):
        config["name_to"] = message_path(raw["addname"])
    return config


def _join(raw: Raw) -> dict[str, Any]:
    mode = raw.get("mode") or ("auto" if raw.get("build") is None else "custom")
    if mode == "auto":
        return {}
    if mode != "custom":
        raise Unmapped("it reduces by an expression (JSONata)")
    if str(raw.get("count") or "") or raw.get("accumulate") is True or str(raw.get("timeout") or ""):
        raise Unmapped("it joins so many messages, or those of some seconds, and not those of one Split")
    if (
        raw.get("build") not in _BUILDS
        or raw.get("propertyType", "msg") != "msg"
        or raw.get("joinerType", "str") != "str"
    ):
        raise Unmapped("it joins whole messages, or bytes")
    config = {"build": _BUILDS[raw["build"]], "path": message_path(raw.get("property") or "payload")}
    if config["build"] == "text":
        config["joiner"] = _unescaped(str(raw.get("joiner", "")))
    if config["build"] == "object":
        config["key"] = message_path(raw.get("key") or "topic")
    return config


def _count(value: Any) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000):
        raise Unmapped(f"{text[:40]!r} is no number of parts")
    return int(text)


def _unescaped(text: str) -> str:
    for sign, meant in _SIGNS.items():
        text = text.replace(sign, meant)
    return text
