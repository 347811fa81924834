"""Loops outside of other loops: what is remembered of their rows, and the cheapest way to find what changed.

It owns three memories: values of rows (any list), frozen items by identity, and KeyedList by its log. It never
changes a memory in place before the patch is committed. Blocks call it.
"""

from __future__ import annotations

import weakref
from array import array
from collections.abc import Callable
from operator import is_
from typing import Any

import jinja2
from jinja2.runtime import LoopContext

from livets.render.blocks import Actions, Block, ForSlot, Names, row_of
from livets.render.earlier import earlier_items
from livets.render.environment import Scope
from livets.render.frozen import Remembered, all_frozen
from livets.render.keyed_list import KeyedList
from livets.render.logs import read_log
from livets.render.memories import FrozenRows, LoggedRows, State, ValueRows
from livets.render.moves import cell as add_cell
from livets.render.moves import reorder, resize, unique
from livets.render.values import NOTHING

Bind = Callable[[Scope, bool], Callable[..., Any]]


class LiveFor(ForSlot):
    """A FOR slot outside of loops."""

    source: Callable[[Scope], Any]
    bind: Bind

    bind_key: Bind
    """Gives a function that gives the key of an item, in a tuple of one; for lists that have keys."""

    def __init__(self, number: int, lineno: int, row: Block, key_slot: int | None, *, ranged: bool = False) -> None:
        super().__init__(number, lineno, row, key_slot, ranged=ranged)
        self.uses_loop = False
        self.filtered = False
        self.row_volatile = False
        self.source_reads: Names = frozenset()
        self.source_volatile = False
        self.outer: Names = frozenset()
        self.outer_columns: dict[int, Names] = {}
        self.columns: dict[int, Bind] = {}
        self.key_name: str | None = None
        self._latest: weakref.ref[ValueRows | FrozenRows] | None = None

    def first(self, scope: Scope, *, html: bool) -> tuple[Any, Any]:
        """All rows."""
        source = self.source(scope)
        items = source if type(source) is list else list(source)
        rows = self._rows(items, scope)
        state = self._common(self._remember(source, items, rows, scope))
        return state, self._html(rows) if html else self._wire(rows)

    def _common(self, state: State) -> State:
        """One memory for views that show the same rows: it saves room, and lets them share what comes next."""
        if isinstance(state, LoggedRows):
            return state
        latest = self._latest() if self._latest is not None else None
        if latest is not None and state.is_like(latest):
            return latest
        self._latest = weakref.ref(state)
        return state

    def at(self, scope: Scope, address: list[Any]) -> Any:
        """The whole list, one row, or what is below a row."""
        rows = self._rows(list(self.source(scope)), scope)
        if not address:
            return self._wire(rows)
        return self.row.value_at(row_of(self, rows, address[0]), address[1:])

    def diff(self, state: State, scope: Scope, dirty: Names, forced: Names, actions: Actions) -> tuple[Any, Any]:
        """List operations, found in the way that the memory allows."""
        source = self.source(scope)
        if isinstance(state, LoggedRows):
            return self._diff_logged(state, source, scope, actions)
        items = source if type(source) is list else list(source)  # once: it may be an iterator
        if isinstance(state, FrozenRows):
            outer = Remembered.of(self.outer, scope)
            if outer is not None:
                start, _, stop = identical_ends(state.items, items)
                if all_frozen(items[start:stop]):
                    return self._diff_frozen(state, list(items), outer, scope)
            old = self._rows(state.items, state.outer)
            state = ValueRows(*self.keys(old), old)
        return self._diff_values(state, source, items, scope)

    # What `sharing` asks

    def look(self, state: State, scope: Scope, shown: list[Any], items: list[Any]) -> Names | None:
        """What the diff follows from: the rows shown, or what the log of a KeyedList says of those that changed."""
        if not isinstance(state, LoggedRows):
            return super().look(state, scope, shown, items)
        source, outer = self.source(scope), Remembered.of(self.outer, scope)
        if source is not state.source or source.overflowed or outer is None or state.kept is not None:
            return None
        if self._changed_columns(state.outer, outer):
            return None
        operations = [] if source.version == state.version else state.news()
        log = read_log(source, operations)
        if log is None:
            return None
        shown += (len(operations), len(log.deleted), *log.deleted, len(log.runs), len(log.updated))
        for kind, keys, after in log.runs:
            shown += (kind, len(keys), *keys, after)
            items += [source[key] for key in keys]
        earlier = earlier_items(source, len(operations)) if log.updated else {}
        for key in log.updated:
            shown += (key, key in earlier)
            items += (source[key], earlier.get(key))
        return self.source_reads - self.outer

    def lent(self, state: State) -> State | None:
        """All but a memory of the view's own list."""
        return None if isinstance(state, LoggedRows) else state

    def adopted(self, lent: State | None, state: State, scope: Scope) -> State:
        """The same rows; for a KeyedList the view's own, as it is now."""
        if lent is not None:
            return lent
        assert isinstance(state, LoggedRows)
        outer = Remembered.of(self.outer, scope)
        assert outer is not None
        return LoggedRows(state.source, outer, None)

    # All lists

    def _rows(self, items: list[Any], scope: Scope) -> list[Any]:
        """The values of all rows."""
        if not items:
            return []
        row = self.bind(scope, type(items[0]) is dict)
        if self.uses_loop:
            return [row(item, loop) for item, loop in LoopContext(items, jinja2.Undefined)]
        return list(map(row, items))

    def _remember(self, source: Any, items: list[Any], rows: list[Any], scope: Scope) -> State:
        if not self.uses_loop and not self.row_volatile and self.key_slot is not None:
            outer = Remembered.of(self.outer, scope)
            if outer is not None:
                if isinstance(source, KeyedList):
                    if source.key == self.key_name and not self.filtered:
                        return LoggedRows(source, outer, self._kept(source, rows))
                elif all_frozen(items) and not self.keys(rows)[1]:
                    return FrozenRows(list(items), outer)
        return ValueRows(*self.keys(rows), rows)

    def _kept(self, source: KeyedList[Any], rows: list[Any]) -> dict[Any, Any] | None:
        if not self.row.structured:
            return None
        return dict(zip(source.keys(), rows, strict=True))

    # Any list

    def _diff_values(self, state: ValueRows, source: Any, items: list[Any], scope: Scope) -> tuple[Any, Any]:
        rows = self._rows(items, scope)
        fresh = self._remember(source, items, rows, scope)
        keys, doubled = (fresh.keys, fresh.doubled) if isinstance(fresh, ValueRows) else self.keys(rows)
        if state.rows is not None:
            if rows == state.rows:
                return fresh, NOTHING
            if doubled or state.doubled:
                return fresh, self.whole(rows)
            return fresh, self.operations(state.keys, state.rows, keys, rows) or NOTHING
        return fresh, self._diff_hashes(state, keys, doubled, rows)

    def _diff_hashes(self, state: ValueRows, keys: list[int | str], doubled: bool, rows: list[Any]) -> Any:
        assert state.hashes is not None
        hashes = array("q", map(hash, rows))
        if hashes == state.hashes and keys == state.keys:
            return NOTHING
        if doubled or state.doubled:
            return self.whole(rows)
        wire, whole = self.row.wire, self.row.whole
        if self.key_slot is None:
            ops = resize(len(state.keys), len(keys), lambda index: wire(rows[index]))
            old: dict[int | str, int] = dict(enumerate(state.hashes))
        else:
            ops = [] if keys == state.keys else reorder(state.keys, keys, lambda index: wire(rows[index]))
            old = dict(zip(state.keys, state.hashes, strict=True))
        if not ops or ops[0] != 5:
            for key, code, row in zip(keys, hashes, rows, strict=True):
                if old.get(key, code) != code:
                    add_cell(ops, key, whole(row))
        return ops or NOTHING

    # Frozen items

    def _diff_frozen(self, state: FrozenRows, items: list[Any], outer: Remembered, scope: Scope) -> tuple[Any, Any]:
        old = state.items
        columns = self._changed_columns(state.outer, outer)
        start, old_end, new_end = identical_ends(old, items)
        if start == old_end == new_end and not columns:
            return state, NOTHING
        assert self.key_slot is not None
        plain = bool(items) and type(items[0]) is dict
        key_of = self.bind_key(scope, plain)
        before, after = self.bind(state.outer, plain), self.bind(scope, plain)
        if columns:
            start, old_end, new_end = 0, len(old), len(items)
        old_keys = [key_of(item)[0] for item in old[start:old_end]]
        new_keys = [key_of(item)[0] for item in items[start:new_end]]
        ops: list[Any] = []
        if new_keys != old_keys:
            old_keys, new_keys = [key_of(item)[0] for item in old], [key_of(item)[0] for item in items]
            start, old_end, new_end = 0, len(old), len(items)
            if unique(new_keys)[1]:
                rows = list(map(after, items))
                return ValueRows(*self.keys(rows), rows), self.whole(rows)
            wire = self.row.wire
            ops = reorder(old_keys, new_keys, lambda index: wire(after(items[index])))
        if not ops or ops[0] != 5:
            pairs = [(self.columns[c](state.outer, plain), self.columns[c](scope, plain), c) for c in columns]
            known = dict(zip(old_keys, old[start:old_end], strict=True))
            for key, item in zip(new_keys, items[start:new_end], strict=True):
                other = known.get(key, NOTHING)
                if other is item:
                    if pairs:
                        add_cell(ops, key, self._column_changes(pairs, item))
                elif other is not NOTHING:
                    add_cell(ops, key, self.row.changes(before(other), after(item)))
        return FrozenRows(items, outer), ops or NOTHING

    def _changed_columns(self, old: Remembered, new: Remembered) -> list[int]:
        changed = old.changed(new)
        return [column for column, names in self.outer_columns.items() if not names.isdisjoint(changed)]

    def _column_changes(self, pairs: list[Any], item: Any) -> list[Any]:
        diff: list[Any] = []
        for before, after, column in pairs:
            old, new = before(item)[0], after(item)[0]
            if old != new:
                change = self.row.slots[column].change(old, new)
                if change is not NOTHING:
                    diff += (column, change)
        return diff

    # KeyedList

    def _diff_logged(self, state: LoggedRows, source: Any, scope: Scope, actions: Actions) -> tuple[Any, Any]:
        outer = Remembered.of(self.outer, scope)
        if source is not state.source or outer is None or source.overflowed:
            return self._start_over(source, scope)
        columns = self._changed_columns(state.outer, outer)
        unchanged = source.version == state.version
        if unchanged and not columns:
            return state, NOTHING
        news = [] if unchanged else state.news()
        log = read_log(source, news)
        if log is None:
            return self._start_over(source, scope)
        earlier = earlier_items(source, len(news)) if log.updated and state.kept is None else {}
        plain = bool(log.sample) and type(log.sample[0]) is dict
        row = self.bind(scope, plain)
        before = self.bind(state.outer, plain) if earlier and columns else row
        kept, wire = state.kept, self.row.wire
        fresh: dict[Any, Any] = {}
        ops: list[Any] = []
        for key in log.deleted:
            ops += (2, key)
        for kind, keys, after in log.runs:
            if kind == "move":
                ops += (1, keys[0], after)
                continue
            run: list[Any] = []
            for key in keys:
                fresh[key] = row(source[key])
                run += (key, wire(fresh[key]))
            ops += (3, after, run)
        for key in log.updated:
            fresh[key] = row(source[key])
            old = before(earlier[key]) if key in earlier else kept.get(key) if kept else None
            add_cell(ops, key, self.row.whole(fresh[key]) if old is None else self.row.changes(old, fresh[key]))
        if columns:
            self._recolour(source, columns, state.outer, scope, ops, fresh, kept)
        result = LoggedRows(source, outer, kept)
        if kept is not None:
            actions.append(lambda: _keep(kept, log.deleted, fresh))
        return result, ops or NOTHING

    def _recolour(
        self,
        source: KeyedList[Any],
        columns: list[int],
        old: Remembered,
        scope: Scope,
        ops: list[Any],
        fresh: dict[Any, Any],
        kept: dict[Any, Any] | None,
    ) -> None:
        """An outer name has changed: its columns of all rows that were not written anyway."""
        plain = any(type(item) is dict for item in source)
        if kept is not None:
            row = self.bind(scope, plain)
            for key, item in zip(source.keys(), source, strict=True):
                if key not in fresh:
                    value = row(item)
                    if value != kept[key]:
                        add_cell(ops, key, self.row.changes(kept[key], value))
                        fresh[key] = value
            return
        pairs = [(self.columns[c](old, plain), self.columns[c](scope, plain), c) for c in columns]
        for key, item in zip(source.keys(), source, strict=True):
            if key not in fresh:
                add_cell(ops, key, self._column_changes(pairs, item))

    def _start_over(self, source: Any, scope: Scope) -> tuple[Any, Any]:
        """Nobody knows what changed: the whole list, which the browser reconciles by key."""
        items = source if type(source) is list else list(source)
        rows = self._rows(items, scope)
        return self._remember(source, items, rows, scope), self.whole(rows)


def identical_ends(old: list[Any], new: list[Any]) -> tuple[int, int, int]:
    """(start, end in `old`, end in `new`) of what lies between the same objects at both ends."""
    shortest = min(len(old), len(new))
    alike = list(map(is_, old, new))
    start = shortest if all(alike) else alike.index(False)
    old_end, new_end = len(old), len(new)
    if start == old_end == new_end:
        return start, start, start
    alike = list(map(is_, reversed(old), reversed(new)))
    same = min(shortest if all(alike) else alike.index(False), shortest - start)
    return start, old_end - same, new_end - same


def _keep(kept: dict[Any, Any], deleted: list[Any], fresh: dict[Any, Any]) -> None:
    for key in deleted:
        kept.pop(key, None)
    kept.update(fresh)
