"""Python source of one generated function: names become variables, slots become lines that compute values.

It owns where a definition is evaluated: before the rows when it does not depend on them, else in the row. It
never executes what it writes. The generator calls it.
"""

from __future__ import annotations

from typing import Protocol

import jinja2
from jinja2 import nodes

from livets.render.expressions import Expressions
from livets.render.items import Branches, Item, Loop, Static, Value, definitions
from livets.render.loops import target_names
from livets.render.names import Definition, Names, Row, loads, reads
from livets.render.outputs import is_json, plain_output
from livets.render.plans import BlockPlan, SlotPlan
from livets.wire import SlotKind


class Module(Protocol):
    """The module that is being written."""

    environment: jinja2.Environment
    expressions: Expressions

    def region(self, writer: Writer, items: list[Item], names: Names) -> str:
        """An expression that renders an opaque region."""


class Head:
    """The part of a function that runs once, before any row: names from the scope, definitions."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.lines: list[str] = []
        self.defined: set[int] = set()

    def source(self, indent: str) -> list[str]:
        """Its lines."""
        found: list[str] = []
        for name in self.names:
            variable = f"g_{name}"
            found.append(f"{indent}{variable} = scope.resolve({name!r})")
            found.append(f"{indent}if {variable} is missing: {variable} = read_name({name!r})")
        return found + [indent + line for line in self.lines]


class Writer:
    """Writes the body of one function."""

    def __init__(self, module: Module, head: Head, *, fast: bool) -> None:
        self.module = module
        self.head = head
        self.fast = fast
        self.lines: list[str] = []
        self.indent = 0
        self.used: set[str] = set()
        self._defined: list[set[int]] = [set()]
        self._memo: list[dict[str, str]] = [{}]
        self._count = 0

    def line(self, text: str) -> None:
        """One more line."""
        self.lines.append("    " * self.indent + text)

    def open(self, text: str) -> None:
        """A line that opens a suite."""
        self.line(text)
        self.indent += 1
        self._defined.append(set())
        self._memo.append({})

    def close(self) -> None:
        """The end of a suite."""
        self.indent -= 1
        self._defined.pop()
        self._memo.pop()

    def fresh(self, prefix: str) -> str:
        """A new variable."""
        self._count += 1
        return f"{prefix}{self._count}"

    # Names

    def variable(self, name: str, names: Names) -> str:
        """The Python variable of a name as seen from `names`."""
        place = names.find(name)
        if place is None or place.entry is None:
            self.head.names.setdefault(name)
            return f"g_{name}"
        if isinstance(place.entry, Row):
            variable = f"r{place.entry.number}_{name}"
            self.used.add(variable)
            return variable
        return f"d{place.entry.number}_{name}"

    def expression(self, node: nodes.Node, names: Names) -> str:
        """The source of an expression; definitions that it needs are written first."""
        for name in sorted(loads(node)):
            self._ensure(name, names)
        return self._plain(node, names)

    def _plain(self, node: nodes.Node, names: Names, *, fast: bool | None = None) -> str:
        quick = self.fast if fast is None else fast
        return self.module.expressions.write_expression(node, lambda name: self.variable(name, names), fast=quick)

    def _ensure(self, name: str, names: Names) -> None:
        place = names.find(name)
        if place is None or not isinstance(place.entry, Definition) or place.outer is None:
            return
        entry, outer = place.entry, place.outer
        if entry.number in self.head.defined or any(entry.number in suite for suite in self._defined):
            return
        for read in sorted(self._reads(entry)):
            self._ensure(read, outer)
        in_head = not any(isinstance(at.entry, Row) for at in place)
        if in_head:
            self.head.defined.add(entry.number)
            lines, indent, fast = self.lines, self.indent, self.fast
            self.lines, self.indent, self.fast = self.head.lines, 0, False
            self._define(entry, outer)
            self.lines, self.indent, self.fast = lines, indent, fast
        else:
            self._defined[-1].add(entry.number)
            self._define(entry, outer)

    def _reads(self, entry: Definition) -> set[str]:
        found = loads(entry.node)
        return found if entry.definite else found | set(entry.targets)

    def _define(self, entry: Definition, outer: Names) -> None:
        own = Names(entry, outer)
        if isinstance(entry.node, nodes.Assign):
            self._assign(entry.node, outer, own)
            return
        for target in entry.targets:
            self.line(f"{self.variable(target, own)} = {self.variable(target, outer)}")
        self._conditional(entry.node, own)

    def _assign(self, node: nodes.Assign, seen: Names, own: Names) -> None:
        value = self._plain(node.node, seen)
        self.line(f"{self.target(node.target, own)} = {value}")

    def _conditional(self, node: nodes.Node, own: Names) -> None:
        assert isinstance(node, nodes.If)
        self.line(f"if {self._plain(node.test, own)}:")
        for body in (node.body, node.else_):
            self.indent += 1
            self.line("pass")
            for child in body:
                if isinstance(child, nodes.Assign):
                    self._assign(child, own, own)
                else:
                    self._conditional(child, own)
            self.indent -= 1
            if body is node.body:
                self.line("else:")

    def target(self, node: nodes.Expr, names: Names) -> str:
        """A name or a tuple of names to assign to."""
        if isinstance(node, nodes.Name):
            place = names.find(node.name)
            assert place is not None
            assert place.entry is not None
            letter = "r" if isinstance(place.entry, Row) else "d"
            return f"{letter}{place.entry.number}_{node.name}"
        assert isinstance(node, nodes.Tuple | nodes.List)
        inner = ", ".join(self.target(item, names) for item in node.items)
        return f"({inner},)"

    # Values

    def slots(self, block: BlockPlan, only: list[int] | None = None) -> str:
        """Lines that compute the slots of a block; returns the tuple of their variables."""
        variables = []
        for number in range(len(block.slots)) if only is None else only:
            variable = self.fresh("s")
            self.slot(block.slots[number], variable)
            variables.append(variable)
        return f"({', '.join(variables)}{',' if variables else ''})"

    def slot(self, slot: SlotPlan, variable: str) -> None:
        """Lines that compute one slot."""
        if slot.kind is SlotKind.IF:
            self._branches(slot, variable)
        elif slot.kind is SlotKind.FOR:
            self._rows(slot, variable)
        elif slot.raw or slot.kind is SlotKind.HTML:
            self._source(slot, variable)
        else:
            self._scalar(slot, variable)

    def _scalar(self, slot: SlotPlan, variable: str) -> None:
        first = slot.parts[0]
        if len(slot.parts) > 1 or not isinstance(first, Value):
            self.line(f"{variable} = {self._joined(slot, raw=False)}")
            return
        node = plain_output(first.node)
        value = self.expression(node, slot.names)
        known = self._memo_of(value)
        if known is not None:
            self.line(f"{variable} = {known}")
            return
        self.line(f"{variable} = {value}")
        small = f"type({variable}) is int and -LARGEST < {variable} < LARGEST"
        self.line(f"if type({variable}) is not str and not ({small}):")
        self.line(f"    {variable} = scalar({variable}, {first.site})")
        if "(" not in value:
            self._memo[-1][value] = variable

    def _memo_of(self, value: str) -> str | None:
        return next((memo[value] for memo in reversed(self._memo) if value in memo), None)

    def _source(self, slot: SlotPlan, variable: str) -> None:
        found = self._joined(slot, raw=True)
        if found is None:
            found = self.module.region(self, slot.parts, slot.names)
        if slot.ends:
            found = f"within({found}, {slot.ends[0]}, {slot.ends[1]!r})"
        if slot.told is not None:
            found = f"only_known({found}, {slot.told}, {sorted({*slot.candidates, *slot.taken})!r})"
        if slot.models:
            found = f"show_fields({found}, scope, {sorted(slot.models)!r})"
        self.line(f"{variable} = {found}")

    def _joined(self, slot: SlotPlan, *, raw: bool) -> str | None:
        """The parts of a slot as one string expression, or None when it takes a region function."""
        promotes = raw and slot.promotes
        if slot.part_names is None:
            return self.fragment(slot.parts, slot.names, raw=raw, promotes=promotes)
        found = [
            self.fragment([part], names, raw=raw, promotes=promotes)
            for part, names in zip(slot.parts, slot.part_names, strict=True)
        ]
        return None if None in found else " + ".join(map(str, found))

    def fragment(self, parts: list[Item], names: Names, *, raw: bool, promotes: bool = False) -> str | None:
        """The source of a string expression, or None when it takes a region function."""
        found: list[str] = []
        for part in parts:
            match part:
                case Static():
                    found.append(repr(part.text))
                case Value():
                    if not reads(self.module.environment, names, [part.node]).plain:
                        return None
                    value = self.expression(plain_output(part.node), names)
                    if promotes and not is_json(part.node):
                        found.append(f"source_text({value}, {part.site})")
                    else:
                        found.append(f"source({value})" if raw else f"text({value}, {part.site})")
                case Loop():
                    inner = self._repeated_text(part, names, raw=raw, promotes=promotes)
                    if inner is None:
                        return None
                    found.append(inner)
                case Branches():
                    inner = self._conditional_text(part, names, raw=raw, promotes=promotes)
                    if inner is None:
                        return None
                    found.append(inner)
                case _:
                    return None
        return " + ".join(found) if found else "''"

    def _repeated_text(self, item: Loop, names: Names, *, raw: bool, promotes: bool) -> str | None:
        """The text of all rows, joined; None when a part of it takes a region function."""
        inner = names.row(target_names(item.target))
        texts = self.fresh("t")
        source = self.rows_source(names, item)
        self.line(f"{texts} = []")
        place = len(self.lines)
        self.open("")
        body = self.fragment(item.body, inner, raw=raw, promotes=promotes)
        self.line(f"{texts}.append({body})")
        self.close()
        self.lines[place] = self._loop_line(item, inner, source)
        orelse = self.fragment(item.orelse, names, raw=raw, promotes=promotes)
        if body is None or orelse is None:
            return None
        joined = f"''.join({texts})"
        return f"({joined} if {texts} else {orelse})" if item.orelse else joined

    def _loop_line(self, loop: Loop, inner: Names, source: str) -> str:
        """The `for` of a loop at the current indent, with Jinja2's `loop` when something inside has used it."""
        entry = inner.entry
        assert isinstance(entry, Row)
        target, variable = self.target(loop.target, inner), f"r{entry.number}_loop"
        indent = "    " * self.indent
        if variable in self.used:
            return f"{indent}for {target}, {variable} in LoopContext({source}, undefined):"
        return f"{indent}for {target} in {source}:"

    def _conditional_text(self, item: Branches, names: Names, *, raw: bool, promotes: bool) -> str | None:
        if definitions([item]) or not reads(self.module.environment, names, item.tests).plain:
            return None
        bodies = [self.fragment(body, names, raw=raw, promotes=promotes) for body in item.bodies]
        if any(body is None for body in bodies):
            return None
        text = str(bodies[-1]) if len(bodies) > len(item.tests) else "''"
        for test, body in reversed(list(zip(item.tests, bodies, strict=False))):
            text = f"({body}) if {self.expression(test, names)} else ({text})"
        return f"({text})"

    def _branches(self, slot: SlotPlan, variable: str) -> None:
        if slot.empty_of is not None:
            self.line(f"{variable} = NO_BRANCH")
            source = self.rows_source(slot.names, slot.empty_of)
            self.open(f"if is_empty({source}):")
            self.line(f"{variable} = (0, {self.slots(slot.blocks[0])})")
            self.close()
            return
        depth = 0
        for number, test in enumerate(slot.tests):
            self.open(f"if {self.expression(test, slot.names)}:")
            self.line(f"{variable} = ({number}, {self.slots(slot.blocks[number])})")
            self.close()
            self.open("else:")
            depth += 1
        if len(slot.blocks) > len(slot.tests):
            number = len(slot.tests)
            self.line(f"{variable} = ({number}, {self.slots(slot.blocks[number])})")
        else:
            self.line(f"{variable} = NO_BRANCH")
        for _ in range(depth):
            self.close()

    def rows_source(self, names: Names, loop: Loop) -> str:
        """An expression for what a loop runs over, its filter applied."""
        source = self.expression(loop.source, names)
        if loop.test is None:
            return source
        inner = names.row(target_names(loop.target), loop=False)
        kept = self.fresh("k")
        target = self.target(loop.target, inner)
        self.line(f"{kept} = []")
        self.open(f"for {target} in {source}:")
        self.open(f"if {self.expression(loop.test, inner)}:")
        self.line(f"{kept}.append({target})")
        self.close()
        self.close()
        return kept

    def _rows(self, slot: SlotPlan, variable: str) -> None:
        assert slot.loop is not None
        assert slot.row_names is not None
        source = self.rows_source(slot.names, slot.loop)
        rows = self.fresh("w")
        self.line(f"{rows} = []")
        place = len(self.lines)
        self.open("")
        self.line(f"{rows}.append({self.slots(slot.blocks[0])})")
        self.close()
        self.lines[place] = self._loop_line(slot.loop, slot.row_names, source)
        self.line(f"{variable} = tuple({rows})")
