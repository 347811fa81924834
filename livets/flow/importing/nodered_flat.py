"""A Node-RED file made flat: tabs and notes left out, subflows put in where they are used, links as connections."""

from __future__ import annotations

from typing import Any

import msgspec

from livets.flow.files import FileFault
from livets.flow.importing.drawing import MAX_NODES
from livets.flow.importing.n8n_node import records
from livets.flow.importing.report import Entry
from livets.flow.importing.ways import Way

MAX_DEEP = 12
MAX_OUTPUTS = 200
Raw = dict[str, Any]


class Flat(msgspec.Struct):
    """Nodes by id (those of subflows by `instance/inner`), connections, and entries of what was left out."""

    nodes: dict[str, Raw] = {}
    ways: dict[Way, None] = {}
    entries: list[Entry] = []
    remarks: list[str] = []


def title(raw: Raw) -> str:
    """Return what a person calls a node."""
    name = raw.get("name") or raw.get("label")
    return str(name)[:200] if name else f"{str(raw['type'])[:60]} {str(raw['id'])[:60]}"


def flatten(plain: list[Any]) -> Flat:
    """Return the nodes that run; raises FileFault naming what is no node, double, or too much."""
    flat = Flat()
    by_id: dict[str, Raw] = {}
    for place, raw in enumerate(plain):
        if not isinstance(raw, dict) or not isinstance(raw.get("id"), str) or not isinstance(raw.get("type"), str):
            raise FileFault(f"[{place}] is no object with an id and a type")
        if raw["id"] in by_id:
            raise FileFault(f"[{place}]: another node has the id {raw['id']!r:.80} already")
        by_id[raw["id"]] = raw
    held: dict[Any, list[Raw]] = {}
    for raw in by_id.values():
        if _runs(raw, by_id, flat):
            z = raw.get("z")
            held.setdefault(z if isinstance(z, str) and by_id.get(z, {}).get("type") == "subflow" else "", []).append(
                raw
            )
    _place(flat, held, by_id, "", "", ())
    return flat


def _runs(raw: Raw, by_id: dict[str, Raw], flat: Flat) -> bool:
    """Whether a node does anything; reports those that do not."""
    z, kind = raw.get("z"), raw["type"]
    tab = by_id.get(z, {}) if isinstance(z, str) else {}
    if kind in ("tab", "group", "comment", "subflow", "global-config"):
        why = "a frame or a note" if kind != "subflow" else "put in where it is used"
    elif raw.get("d") is True or tab.get("disabled") is True:
        why = "disabled"
    elif not isinstance(raw.get("wires"), list) and "x" not in raw:
        why = "settings that other nodes share (no credentials are in the file)"
    else:
        return True
    flat.entries.append(Entry(title(raw), kind, "dropped", [], [why]))
    return False


def _place(
    flat: Flat, held: dict[Any, list[Raw]], by_id: dict[str, Raw], frame: str, prefix: str, inside: tuple[str, ...]
) -> None:
    """Put the nodes of a frame ("" for all tabs) in; those of subflows with the instance's id before theirs."""
    own = held.get(frame, [])
    known = {raw["id"] for raw in own}
    for raw in own:
        if len(flat.nodes) >= MAX_NODES:
            raise FileFault(f"with its subflows put in, the file has more than {MAX_NODES} nodes")
        id, kind = prefix + raw["id"], raw["type"]
        inner = kind.removeprefix("subflow:") if kind.startswith("subflow:") else ""
        if inner and by_id.get(inner, {}).get("type") == "subflow":
            if inner in inside or len(inside) >= MAX_DEEP:
                raise FileFault(f"the subflow {inner[:60]!r} holds itself, or is nested more than {MAX_DEEP} deep")
            _instance(flat, held, by_id, raw, id, inner, inside)
        else:
            flat.nodes[id] = raw
        _wires(flat, raw, id, prefix, known, id not in flat.nodes)


def _instance(
    flat: Flat,
    held: dict[Any, list[Raw]],
    by_id: dict[str, Raw],
    raw: Raw,
    id: str,
    inner: str,
    inside: tuple[str, ...],
) -> None:
    """Put a subflow in: a junction `ID/in` where it begins, one `ID/outN` for each of its outputs."""
    flow = by_id[inner]
    flat.nodes[id + "/in"] = {"id": id + "/in", "type": "junction", "name": title(raw)}
    if raw.get("env") or flow.get("env"):
        flat.remarks.append(f"{title(raw)!r}: the environment of a subflow is not read")
    _place(flat, held, by_id, inner, f"{id}/", (*inside, inner))
    for begin in records(flow.get("in"))[:1]:
        for wire in records(begin.get("wires")):
            flat.ways[Way(id + "/in", 0, f"{id}/{wire.get('id')}")] = None
    for place, end in enumerate(records(flow.get("out"))[:MAX_OUTPUTS]):
        out = f"{id}/out{place}"
        flat.nodes[out] = {"id": out, "type": "junction", "name": f"{title(raw)} out {place + 1}"}
        for wire in records(end.get("wires")):
            source = f"{id}/in" if wire.get("id") == inner else f"{id}/{wire.get('id')}"
            port = wire.get("port", 0)
            flat.ways[Way(source, port if type(port) is int and port >= 0 else 0, out)] = None


def _wires(flat: Flat, raw: Raw, id: str, prefix: str, known: set[str], instance: bool) -> None:
    wires = raw.get("wires")
    for output, targets in enumerate((wires if isinstance(wires, list) else [])[:MAX_OUTPUTS]):
        for target in targets if isinstance(targets, list) else ():
            if isinstance(target, str) and target in known:
                source = (f"{id}/out{output}", 0) if instance else (id, output)
                flat.ways[Way(source[0], source[1], prefix + target)] = None
    links = raw.get("links")
    for target in links if raw["type"] == "link out" and isinstance(links, list) else ():
        if isinstance(target, str):
            flat.ways[Way(id, 0, prefix + target if target in known else target)] = None


def settled(flat: Flat) -> list[Way]:
    """Return the connections between nodes that are there; those into instances lead to where these begin."""
    found: dict[Way, None] = {}
    for way in flat.ways:
        source = way.source if way.source in flat.nodes else f"{way.source}/out{way.output}"
        output = way.output if way.source in flat.nodes else 0
        target = way.target if way.target in flat.nodes else way.target + "/in"
        if source in flat.nodes and target in flat.nodes:
            found[Way(source, output, target)] = None
    return list(found)
