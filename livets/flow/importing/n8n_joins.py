"""n8n's Merge where it joins two inputs item with item: by place, by fields, each with each; of all versions."""

from __future__ import annotations

from typing import Any

from livets.flow.importing.drawing import Unmapped
from livets.flow.importing.n8n_expression import is_expression, our_path
from livets.flow.importing.n8n_node import N8nNode, Work, dig, records

MAX_INPUTS = 10
_KEEPS = {"keepEverything": "everything", "enrichInput1": "left", "enrichInput2": "right", "keepMatches": "matches"}


def join(node: N8nNode, work: Work, mode: str) -> bool:
    """Draw a Merge that joins; returns whether it is one."""
    config: dict[str, Any]
    if mode == "combine":
        old = {"mergeByPosition": "combineByPosition", "multiplex": "combineAll"}
        how = node.get("combinationMode", "mergeByFields") if node.version < 3 else node.get("combineBy", "")
        how = old.get(how, how) or "combineByFields"
        config = {"nested": True, **_clash(node)}
        if how == "combineByPosition":
            keep = "everything" if node.get("options.includeUnpaired", False) else "matches"
            _draw(work, {**config, "by": "place", "keep": keep}, node.get("numberInputs", 2))
            return True
        config |= {"by": "all"} if how == "combineAll" else _by_fields(node, config)
    elif mode == "mergeByIndex":
        keep = {"inner": "matches", "outer": "everything"}.get(node.get("join", "left"), "left")
        config = {"by": "place", "keep": keep}
    elif mode == "multiplex":
        config = {"by": "all"}
    elif mode in ("mergeByKey", "keepKeyMatches", "removeKeyMatches"):
        config = _by_key(node, work, mode)
    else:
        return False
    _draw(work, config)
    return True


def _draw(work: Work, config: dict[str, Any], inputs: int = 2) -> None:
    """One join, or for more than two inputs by place one after the other."""
    if not 2 <= inputs <= MAX_INPUTS or (inputs > 2 and config.keys() & {"suffixes", "prefer"}):
        raise Unmapped(f"it joins {inputs} inputs in a way that has no equivalent")
    id = work.make.add("transform.join", config)
    work.piece.entries, work.piece.exits = [(id, "left"), (id, "right")], [(id, "out")]
    for _ in range(inputs - 2):
        id = work.make.after((id, "out"), "transform.join", config, to="left")
        work.piece.entries.append((id, "right"))
        work.piece.exits = [(id, "out")]


def _clash(node: N8nNode) -> dict[str, Any]:
    """What happens where both have a field."""
    values: dict[str, Any] = node.get("options.clashHandling.values", {})
    if values.get("overrideEmpty") is True:
        raise Unmapped("it takes the other input's field where one is empty")
    how = dig(values, "resolveClash", "")
    found: dict[str, Any] = {"nested": dig(values, "mergeMode", "deepMerge") != "shallowMerge"}
    if how == "addSuffix":
        return {**found, "suffixes": True}
    if how not in ("", "preferInput1", "preferInput2", "preferLast"):
        raise Unmapped(f"it resolves clashes by {how[:40]!r}")
    return {**found, "prefer": "left"} if how == "preferInput1" else found


def _by_fields(node: N8nNode, config: dict[str, Any]) -> dict[str, Any]:
    if node.get("options.fuzzyCompare", False):
        raise Unmapped("it compares fuzzily: 1 with '1', and null with nothing")
    advanced = node.version < 3 or node.get("advanced", False)
    rows = records(node.get("mergeByFields.values", None)) if advanced else []
    names = node.constant("fieldsToMatchString", "").split(",") if not advanced else []
    pairs = [(dig(row, "field1", ""), dig(row, "field2", "")) for row in rows] or [(one.strip(),) * 2 for one in names]
    on = {_plain(left, node): _plain(right, node) for left, right in pairs}
    mode, data = node.get("joinMode", "keepMatches"), node.get("outputDataFrom", "both")
    found: dict[str, Any] = {"by": "fields", "on": on, "alone_last": True}
    if node.get("options.multipleMatches", "all") == "first":
        found["each"] = "first"
    if mode == "keepNonMatches" and data in ("input1", "input2"):
        return {**found, "keep": "left_alone" if data == "input1" else "right_alone", "suffixes": False}
    if mode not in _KEEPS or (mode == "keepEverything" and data != "both"):
        raise Unmapped(f"it keeps what matches nothing, and says from where ({mode[:20]}): no equivalent")
    found["keep"] = _KEEPS[mode]
    if mode == "keepMatches" and data in ("input1", "input2"):
        return {**found, "give": "left" if data == "input1" else "right"}
    if (
        mode == "enrichInput2"
        and "prefer" not in config
        and not node.get("options.clashHandling.values.resolveClash", "")
    ):
        found["prefer"] = "left"
    return found


def _by_key(node: N8nNode, work: Work, mode: str) -> dict[str, Any]:
    """The first version's ways: texts and numbers are compared as texts, of several matches the last counts."""
    one, other = _plain(node.get("propertyName1", ""), node), _plain(node.get("propertyName2", ""), node)
    found: dict[str, Any] = {"by": "fields", "on": {one: other}, "each": "last", "as_text": True}
    if mode == "keepKeyMatches":
        return {**found, "give": "left"}
    if mode == "removeKeyMatches":
        return {**found, "keep": "left_alone"}
    if node.get("overwrite", "always") != "always":
        raise Unmapped("it overwrites what is blank or missing only")
    work.make.differs("an item of the first input without the field is kept as it is; n8n leaves it out")
    if one != other:
        work.make.differs(f"{other!r:.60} of the second input is taken over, too")
    return {**found, "keep": "left"}


def _plain(name: str, node: N8nNode) -> str:
    dotted = node.get("options.disableDotNotation", False) and "." in name
    if not name or is_expression(name) or dotted or our_path(list(name.split("."))) is None:
        raise Unmapped(f"the name {name[:60]!r} of a field is missing, computed, or no plain path")
    return name
