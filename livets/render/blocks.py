"""Running blocks and slots: values to HTML, values to the wire, two values to a change.

It owns what a slot does with values that are already there, and the walk over slots outside of loops. It never
remembers values (the rendering does) and never evaluates more than what is dirty. Lists are in `lists`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

from livets.render.environment import Scope
from livets.render.lines import file_of
from livets.render.moves import cell as add_cell
from livets.render.moves import reorder, reset, resize, unique
from livets.render.values import NO_BRANCH, NOTHING, same

Actions = list[Callable[[], None]]
Names = frozenset[str]
_NONE: Names = frozenset()
_CACHED = 512


class Slot:
    """What all slots have. Slots inside of loops know only values; live ones also what they depend on."""

    def __init__(self, number: int, lineno: int) -> None:
        self.number = number
        self.lineno = lineno
        self.reads: Names = _NONE
        self.volatile = False
        self.models: Names = _NONE
        self.bound: str | None = None
        self.wire: Callable[[Any], Any]
        self.html: Callable[[Any], str]

    def change(self, old: Any, new: Any) -> Any:
        """What to send when the value was `old` and is `new`; NOTHING when it shows the same."""
        raise NotImplementedError

    def whole(self, value: Any) -> Any:
        """A change that sends the whole value."""
        return self.wire(value)

    def first(self, scope: Scope, *, html: bool) -> tuple[Any, Any]:
        """(what to remember, the HTML or the value in a fill)."""
        raise NotImplementedError

    def diff(self, state: Any, scope: Scope, dirty: Names, forced: Names, actions: Actions) -> tuple[Any, Any]:
        """(what to remember, the change)."""
        raise NotImplementedError

    def at(self, scope: Scope, address: list[Any]) -> Any:
        """The fresh value at an address below this slot."""
        raise NotImplementedError

    # What `sharing` asks

    def look(self, state: Any, scope: Scope, shown: list[Any], items: list[Any]) -> Names | None:
        """Add what the slot's diff follows from, the names that it reads apart; None when it can't be told.

        Returns the names of which `shown` and `items` (of a log) tell all that the slot needs.
        """
        return _NONE if _flatten(state, shown) else None

    def lent(self, state: Any) -> Any:
        """What other views may remember in place of `state`."""
        return state

    def adopted(self, lent: Any, state: Any, scope: Scope) -> Any:
        """What to remember after another view's diff was taken over; `state`: what was remembered before."""
        return lent


class ScalarSlot(Slot):
    """A text, an attribute, attributes that come and go, or HTML."""

    def __init__(self, number: int, lineno: int, wire: Callable[[Any], Any]) -> None:
        super().__init__(number, lineno)
        self.wire = wire

    def change(self, old: Any, new: Any) -> Any:
        """The new value."""
        return NOTHING if same(old, new) else self.wire(new)


class LiveScalar(ScalarSlot):
    """One outside of loops."""

    evaluate: Callable[[Scope], Any]

    def first(self, scope: Scope, *, html: bool) -> tuple[Any, Any]:
        """Evaluated."""
        value = self.evaluate(scope)
        return value, self.html(value) if html else self.wire(value)

    def diff(self, state: Any, scope: Scope, dirty: Names, forced: Names, actions: Actions) -> tuple[Any, Any]:
        """Evaluated and compared."""
        value = self.evaluate(scope)
        if (value == state or same(state, value)) and not (forced and self.bound in forced):
            return state, NOTHING
        return value, self.wire(value)

    def at(self, scope: Scope, address: list[Any]) -> Any:
        """Its value; there is nothing below."""
        if address:
            raise LookupError("a slot with one value has nothing below it")
        return self.wire(self.evaluate(scope))


class IfSlot(Slot):
    """One of several blocks; its value is (branch, values)."""

    def __init__(self, number: int, lineno: int, blocks: list[Block]) -> None:
        super().__init__(number, lineno)
        self.blocks = blocks
        self.wire = self._wire
        self.html = self._html

    def _wire(self, value: tuple[int, Any]) -> list[Any]:
        branch, inner = value
        return [-1] if branch < 0 else [branch, self.blocks[branch].wire(inner)]

    def _html(self, value: tuple[int, Any]) -> str:
        branch, inner = value
        return "<!--[-1--><!--]-->" if branch < 0 else f"<!--[{branch}-->{self.blocks[branch].html(inner)}<!--]-->"

    def change(self, old: Any, new: Any) -> Any:
        """[diff] within a branch, else the whole."""
        if old[0] != new[0]:
            return self._wire(new)
        if new[0] < 0:
            return NOTHING
        diff = self.blocks[new[0]].changes(old[1], new[1])
        return [diff] if diff else NOTHING


class LiveIf(IfSlot):
    """One outside of loops: only what is dirty inside is evaluated."""

    branch: Callable[[Scope], int]
    test_reads: Names = _NONE
    test_volatile = False

    def first(self, scope: Scope, *, html: bool) -> tuple[Any, Any]:
        """The branch that shows, evaluated."""
        branch = self.branch(scope)
        if branch < 0:
            return NO_BRANCH, "<!--[-1--><!--]-->" if html else [-1]
        state, inner = self.blocks[branch].first(scope, html=html)
        return (branch, state), f"<!--[{branch}-->{inner}<!--]-->" if html else [branch, inner]

    def diff(self, state: Any, scope: Scope, dirty: Names, forced: Names, actions: Actions) -> tuple[Any, Any]:
        """The branch if its condition is dirty, then what is dirty inside."""
        branch = state[0]
        if self.test_volatile or not self.test_reads.isdisjoint(dirty):
            branch = self.branch(scope)
        if branch != state[0]:
            return self.first(scope, html=False) if branch >= 0 else (NO_BRANCH, [-1])
        if branch < 0:
            return state, NOTHING
        inner, diff = self.blocks[branch].diff(state[1], scope, dirty, forced, actions)
        return ((branch, inner), [diff]) if diff else ((branch, inner), NOTHING)

    def at(self, scope: Scope, address: list[Any]) -> Any:
        """Itself, or what is below the branch that shows."""
        if not address:
            return self.first(scope, html=False)[1]
        branch = self.branch(scope)
        if branch < 0:
            raise LookupError("no branch shows here")
        return self.blocks[branch].at(scope, address)


class ForSlot(Slot):
    """Rows; its value is the tuple of the rows' values."""

    def __init__(self, number: int, lineno: int, row: Block, key_slot: int | None, *, ranged: bool = False) -> None:
        super().__init__(number, lineno)
        self.row = row
        self.key_slot = key_slot
        self.ranged = ranged
        """True when a row is a range: its only slot is an IF whose branch 0 is the body, in which the key is."""
        self.wire = self._wire
        self.html = self._html

    def keys(self, rows: Any) -> tuple[list[int | str], bool]:
        """(keys of the rows, True when some were equal and had to be changed)."""
        if self.key_slot is None:
            return list(range(len(rows))), False
        slot = self.key_slot
        return unique([row[0][1][slot] for row in rows] if self.ranged else [row[slot] for row in rows])

    def _wire(self, rows: Any) -> list[Any]:
        flat: list[Any] = []
        wire = self.row.wire
        for key, row in zip(self.keys(rows)[0], rows, strict=True):
            flat += (key, wire(row))
        return flat

    def _html(self, rows: Any) -> str:
        return f"<!--[-->{''.join(map(self.row.html, rows))}<!--]-->"

    def whole(self, value: Any) -> Any:
        """The whole list anew."""
        return reset(self.keys(value)[0], lambda index: self.row.wire(value[index]))

    def change(self, old: Any, new: Any) -> Any:
        """List operations."""
        if old == new:
            return NOTHING
        old_keys, old_doubled = self.keys(old)
        new_keys, new_doubled = self.keys(new)
        if old_doubled or new_doubled:
            return self.whole(new)
        return self.operations(old_keys, old, new_keys, new) or NOTHING

    def operations(self, old_keys: Any, old: Any, new_keys: Any, new: Any) -> list[Any]:
        """Operations between two lists of rows whose keys are unique."""
        changes, wire = self.row.changes, self.row.wire
        if self.key_slot is None:
            ops = resize(len(old), len(new), lambda index: wire(new[index]))
            for key, (before, after) in enumerate(zip(old, new, strict=False)):
                if before != after:
                    add_cell(ops, key, changes(before, after))
            return ops
        if old_keys == new_keys:
            ops = []
            for key, before, after in zip(new_keys, old, new, strict=True):
                if before != after:
                    add_cell(ops, key, changes(before, after))
            return ops
        ops = reorder(old_keys, new_keys, lambda index: wire(new[index]))
        places = {key: index for index, key in enumerate(old_keys)}
        for key, after in zip(new_keys, new, strict=True):
            place = places.get(key)
            if place is not None and old[place] != after and ops[0] != 5:
                add_cell(ops, key, changes(old[place], after))
        return ops


class Block:
    """Slots and the source around them."""

    html: Callable[[Any], str]
    wire: Callable[[Any], list[Any]]

    def __init__(self, slots: list[Slot], source: list[str | int]) -> None:
        self.slots = slots
        self.source = source
        self._cache: dict[tuple[Names, Names], tuple[Slot, ...]] = {}
        self.reads: Names = _NONE
        self.structured = any(isinstance(slot, IfSlot | ForSlot) for slot in slots)
        """True when a row of this block is more than single values."""

    def index(self) -> None:
        """To be called when all slots know what they depend on."""
        self.reads = frozenset[str]().union(*(slot.reads for slot in self.slots))

    def changes(self, old: Any, new: Any) -> list[Any]:
        """The diff between two tuples of values."""
        diff: list[Any] = []
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            if before is not after and before != after:
                change = self.slots[number].change(before, after)
                if change is not NOTHING:
                    diff += (number, change)
        return diff

    def whole(self, values: Any) -> list[Any]:
        """A diff that sends every value."""
        diff: list[Any] = []
        for slot, value in zip(self.slots, values, strict=True):
            diff += (slot.number, slot.whole(value))
        return diff

    def first(self, scope: Scope, *, html: bool) -> tuple[list[Any], Any]:
        """(what to remember, the HTML or the fill) of a block outside of loops."""
        states: list[Any] = [None] * len(self.slots)  # each view keeps it: no room for more
        shown: list[Any] = []
        for slot in self.slots:
            try:
                state, output = slot.first(scope, html=html)
            except Exception as error:
                note_line(error, slot)
                raise
            states[slot.number] = state
            shown.append(output)
        if not html:
            return states, shown
        return states, "".join([piece if type(piece) is str else shown[piece] for piece in self.source])  # type: ignore[index]

    def diff(
        self, states: list[Any], scope: Scope, dirty: Names, forced: Names, actions: Actions
    ) -> tuple[list[Any], list[Any]]:
        """(what to remember, the diff): only slots that read something dirty are evaluated."""
        return self.diff_of(self.affected(dirty, forced), states, scope, dirty, forced, actions)

    @staticmethod
    def diff_of(
        slots: Iterable[Slot], states: list[Any], scope: Scope, dirty: Names, forced: Names, actions: Actions
    ) -> tuple[list[Any], list[Any]]:
        """The same for some slots."""
        diff: list[Any] = []
        fresh = states
        for slot in slots:
            number = slot.number
            try:
                state, change = slot.diff(states[number], scope, dirty, forced, actions)
            except Exception as error:
                note_line(error, slot)
                raise
            if state is not states[number]:
                if fresh is states:
                    fresh = states.copy()
                fresh[number] = state
            if change is not NOTHING:
                diff += (number, change)
        return fresh, diff

    def affected(self, dirty: Collection[str], forced: Collection[str]) -> tuple[Slot, ...]:
        """The slots that have to be evaluated."""
        key = (frozenset(dirty) & self.reads, frozenset(forced))
        found = self._cache.get(key)
        if found is None:
            found = tuple(
                slot
                for slot in self.slots
                if slot.volatile or not slot.reads.isdisjoint(key[0]) or not slot.models.isdisjoint(key[1])
            )
            if len(self._cache) < _CACHED:
                self._cache[key] = found
        return found

    def at(self, scope: Scope, address: list[Any]) -> Any:
        """The fresh value at an address. Raises LookupError when there is nothing."""
        if not address:
            return self.first(scope, html=False)[1]
        return self._slot(address[0]).at(scope, address[1:])

    def value_at(self, values: Any, address: list[Any]) -> Any:
        """The same among values that are already there."""
        if not address:
            return self.wire(values)
        slot = self._slot(address[0])
        value, rest = values[slot.number], address[1:]
        while rest:
            if isinstance(slot, IfSlot) and value[0] >= 0:
                return slot.blocks[value[0]].value_at(value[1], rest)
            if isinstance(slot, ForSlot):
                return slot.row.value_at(row_of(slot, value, rest[0]), rest[1:])
            raise LookupError(f"nothing below slot {slot.number}")
        return slot.wire(value)

    def _slot(self, number: Any) -> Slot:
        if type(number) is not int or not 0 <= number < len(self.slots):
            raise LookupError(f"there is no slot {number!r}")
        return self.slots[number]


def _flatten(state: Any, into: list[Any]) -> bool:
    """What a slot remembers, down to scalars and objects that are never changed in place; False: one view's own."""
    if type(state) is list or type(state) is tuple:
        into.append(len(state))
        return all(_flatten(inner, into) for inner in state)
    into.append(state)
    return not getattr(state, "is_own", False)


def row_of(slot: ForSlot, rows: Any, key: Any) -> Any:
    """The values of the row with a key."""
    text = str(key)
    for own, row in zip(slot.keys(rows)[0], rows, strict=True):
        if str(own) == text:
            return row
    raise LookupError(f"there is no row {key!r}")


def note_line(error: Exception, slot: Slot) -> None:
    """Say where in the template it happened, once."""
    if not getattr(error, "__notes__", None):
        where = f"line {slot.lineno} of {file_of(slot.lineno, 'the template')}"
        error.add_note(f"while rendering {where}")
