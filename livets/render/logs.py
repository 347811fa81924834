"""The log of a KeyedList, netted: which keys went, came, moved or changed between two renderings.

It owns the netting: what was inserted and deleted again leaves no trace, and every row is placed after the row
that precedes it at the end. Cost follows the log, never the list. It never evaluates rows. `lists` calls it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from livets.render.keyed_list import KeyedList

Key = Any


@dataclass(slots=True)
class Log:
    """What changed, in an order in which it can be applied: deletes, runs, updates."""

    deleted: list[Key] = field(default_factory=list)
    runs: list[tuple[str, list[Key], Key | None]] = field(default_factory=list)
    """("insert", keys of a run, key before it) or ("move", [key], key before it)."""
    updated: list[Key] = field(default_factory=list)
    sample: list[Any] = field(default_factory=list)
    """One item, to see what items are."""


def read_log(source: KeyedList[Any], operations: list[Any]) -> Log | None:
    """The net effect of operations of the log; None when the list has to be compared or sent whole."""
    existed: dict[Key, bool] = {}
    placed: dict[Key, None] = {}
    updated: dict[Key, None] = {}
    for operation in operations:
        kind = operation[0]
        if kind == "clear":
            return None
        key = operation[1]
        existed.setdefault(key, kind != "insert")
        if kind == "update":
            updated[key] = None
        elif kind == "delete":
            placed.pop(key, None)
            updated.pop(key, None)
        else:
            placed.pop(key, None)
            placed[key] = None
            if kind == "insert":
                updated[key] = None
    log = Log()
    log.deleted = [key for key, before in existed.items() if before and key not in source]
    log.updated = [key for key in updated if existed[key] and key in source]
    _place(source, [key for key in placed if key in source], existed, log)
    some = next((key for key in existed if key in source), None)
    if some is not None:
        log.sample = [source[some]]
    return log


def _place(source: KeyedList[Any], keys: list[Key], existed: dict[Key, bool], log: Log) -> None:
    """Every placed key after its final neighbour, a neighbour that is placed itself first."""
    before = source.predecessors(keys)
    waiting = set(keys)
    for key in keys:
        chain: list[Key] = []
        at: Key | None = key
        while at is not None and at in waiting:
            chain.append(at)
            waiting.remove(at)
            at = before[at]
        for link in reversed(chain):
            after = before[link]
            if existed[link]:
                log.runs.append(("move", [link], after))
            elif log.runs and log.runs[-1][0] == "insert" and log.runs[-1][1][-1] == after:
                log.runs[-1][1].append(link)
            else:
                log.runs.append(("insert", [link], after))
