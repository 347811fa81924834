"""n8n's nodes that work on all items at once: merge, sort, limit, split out, aggregate, summarize, duplicates."""

from __future__ import annotations

import json
from typing import Any

from livets.flow.importing.drawing import Unmapped
from livets.flow.importing.n8n_expression import is_expression, our_path
from livets.flow.importing.n8n_joins import join
from livets.flow.importing.n8n_node import N8nNode, Work, dig, records

_FUNCTIONS = {"average": "mean", "count": "count", "sum": "sum", "min": "min", "max": "max", "append": "list"}
_PREFIXES = {"append": "appended", "average": "average"}


def merge(node: N8nNode, work: Work) -> None:
    """Draw Merge: append, the data of one input, or a join."""
    mode = node.get("mode", "append")
    if join(node, work, mode):
        return
    if mode == "append":
        work.through(work.make.add("flow.merge", {"mode": "concat"}), entry="in")
        return
    if mode not in ("passThrough", "chooseBranch", "wait"):
        raise Unmapped(f"it combines items in a way that has no equivalent ({mode[:40]})")
    which = node.get("output", "input1") if mode == "passThrough" else f"input{node.get('useDataOfInput', 1)}"
    if which[-1:] not in ("1", "2", "3", "4"):
        raise Unmapped("it gives on no items")
    work.through(work.make.add("flow.merge", {"mode": "list"}), entry="in")
    work.on(work.make.after(work.piece.exits[0], "transform.query", {"expression": f"[{int(which[-1]) - 1}]"}))
    work.make.differs("when an input is skipped, the places of the others move up")


def limit(node: N8nNode, work: Work) -> None:
    """Draw Limit: the first or last so many."""
    count = max(node.constant("maxItems", 1), 0)
    last = node.get("keep", "firstItems") == "lastItems"
    expression = "[:0]" if not count else f"[-{count}:]" if last else f"[:{count}]"
    work.through(work.make.add("transform.query", {"expression": expression}))


def sort(node: N8nNode, work: Work) -> None:
    """Draw Sort by fields."""
    if node.get("type", "simple") != "simple":
        raise Unmapped("it sorts at random, or by code")
    by = [
        ("-" if row.get("order") == "descending" else "") + _path(dig(row, "fieldName", ""))
        for row in records(node.get("sortFieldsUi.sortField", None))
    ]
    work.through(work.make.add("transform.sort", {"by": by}), entry="items")


def split_out(node: N8nNode, work: Work) -> None:
    """Draw Split Out of one field."""
    path = _path(node.constant("fieldToSplitOut", ""))
    if node.get("include", "noOtherFields") != "noOtherFields" or "," in path:
        raise Unmapped("it keeps other fields beside, or splits several: no equivalent")
    steps = ".".join(json.dumps(step) for step in path.split("."))
    work.through(work.make.add("transform.query", {"expression": f"[].{steps}[]"}))
    work.make.differs("items that are no objects stay as they are; n8n makes objects of them")


def aggregate(node: N8nNode, work: Work) -> None:
    """Draw Aggregate: fields to arrays, or all items into one field."""
    measures: dict[str, Any] = {}
    if node.get("aggregate", "aggregateIndividualFields") == "aggregateAllItemData":
        if node.get("include", "allFields") != "allFields":
            raise Unmapped("it takes some fields of each item only: put a transform.select before")
        measures[node.constant("destinationFieldName", "data")] = {"function": "list", "path": ""}
    for row in records(node.get("fieldsToAggregate.fieldToAggregate", None)) if not measures else []:
        path = _path(dig(row, "fieldToAggregate", ""))
        renamed = dig(row, "outputFieldName", "") if row.get("renameField") else ""
        measures[renamed or path.rpartition(".")[2]] = {"function": "list", "path": path}
    if not measures:
        raise Unmapped("it names no field")
    work.through(work.make.add("transform.aggregate", {"measures": measures}), entry="items")


def summarize(node: N8nNode, work: Work) -> None:
    """Draw Summarize, as far as transform.aggregate has the functions."""
    measures: dict[str, Any] = {}
    for row in records(node.get("fieldsToSummarize.values", None)):
        how, path = dig(row, "aggregation", "count"), _path(dig(row, "field", ""))
        if how not in _FUNCTIONS:
            raise Unmapped(f"{how[:40]!r} has no equivalent in transform.aggregate")
        measures[f"{_PREFIXES.get(how, how)}_{path}"] = {"function": _FUNCTIONS[how], "path": path}
    by = [_path(name.strip()) for name in node.constant("fieldsToSplitBy", "").split(",") if name.strip()]
    work.through(work.make.add("transform.aggregate", {"measures": measures, "by": by}), entry="items")


def remove_duplicates(node: N8nNode, work: Work) -> None:
    """Draw Remove Duplicates among the items of this run."""
    if node.get("operation", "removeDuplicateInputItems") not in ("removeDuplicateInputItems", "removeDuplicates"):
        raise Unmapped("it remembers items of earlier runs")
    if node.get("compare", "allFields") == "selectedFields":
        by = [_path(name.strip()) for name in node.constant("fieldsToCompare", "").split(",") if name.strip()]
        config = {"by": by, "measures": {"__item": {"function": "first", "path": ""}}}
        work.through(work.make.add("transform.aggregate", config), entry="items")
        work.on(work.make.after(work.piece.exits[0], "transform.query", {"expression": "[].__item"}))
        return
    if node.get("compare", "allFields") != "allFields":
        raise Unmapped("it compares all fields but some")
    config = {"measures": {"all": {"function": "unique", "path": ""}}}
    work.through(work.make.add("transform.aggregate", config), entry="items")
    work.on(work.make.after(work.piece.exits[0], "transform.query", {"expression": "[0].all"}))


def item_lists(node: N8nNode, work: Work) -> None:
    """Draw the old Item Lists node: one of the above."""
    operation = node.get("operation", "splitOutItems")
    known = {
        "splitOutItems": split_out, "aggregateItems": aggregate, "concatenateItems": aggregate, "sort": sort,
        "removeDuplicates": remove_duplicates, "limit": limit, "summarize": summarize,
    }  # fmt: skip
    if operation not in known:
        raise Unmapped(f"its operation {operation[:40]!r} has no equivalent")
    known[operation](node, work)


def _path(name: str) -> str:
    if not name or is_expression(name) or our_path(list(name.split("."))) is None:
        raise Unmapped(f"the name {name[:60]!r} of a field is missing, computed, or no plain path")
    return name
