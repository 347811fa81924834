"""Plans to running blocks: every slot gets its function, all functions of a template are one Python module.

It owns the generated module and what each slot depends on. It never looks at HTML source other than to copy
it. The compiler calls it once per template.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import LoopContext, Undefined, identity, markup_join, str_join
from jinja2.utils import missing
from markupsafe import Markup, escape

from livets.render import values
from livets.render.blocks import Block, ForSlot, IfSlot, LiveIf, LiveScalar, ScalarSlot, Slot
from livets.render.bound import show_fields
from livets.render.entities import SVG_ATTRIBUTES, decode_attribute, decode_text, parse_attributes, tidy
from livets.render.environment import MappingScope, Scope, scope_context
from livets.render.expressions import Expressions
from livets.render.items import Item, Value
from livets.render.lists import LiveFor
from livets.render.names import Names, Row
from livets.render.outputs import plain_output
from livets.render.plans import BlockPlan, SlotPlan
from livets.render.regionsource import region_function
from livets.render.strings.slots import HtmlSlot, LiveHtml
from livets.render.told_names import only_known
from livets.render.writer import Head, Writer
from livets.wire import SlotKind

_INDENT = "    "


@dataclass(slots=True)
class Depends:
    """What a slot depends on, with everything inside it."""

    names: set[str] = field(default_factory=set)
    volatile: bool = False
    rows: set[tuple[int, str]] = field(default_factory=set)
    models: set[str] = field(default_factory=set)

    def add(self, other: Depends) -> None:
        """Take in another."""
        self.names |= other.names
        self.volatile |= other.volatile
        self.rows |= other.rows
        self.models |= other.models


def depends(slot: SlotPlan) -> Depends:
    """What a slot depends on, with everything inside it."""
    found = Depends(set(slot.reads.names), slot.reads.volatile, set(slot.reads.rows))
    if slot.bound:
        found.models.add(slot.bound)
    for block in slot.blocks:
        for inner in block.slots:
            found.add(depends(inner))
    return found


def is_empty(rows: Any) -> bool:
    """True when a loop over `rows` would not run."""
    return next(iter(rows), missing) is missing


class Module:
    """The generated Python of one template."""

    def __init__(self, environment: jinja2.Environment, name: str) -> None:
        self.environment = environment
        self.name = name
        self.namespace: dict[str, Any] = {
            "LARGEST": values.LARGEST,
            "LoopContext": LoopContext,
            "Markup": Markup,
            "NO_BRANCH": values.NO_BRANCH,
            "Undefined": Undefined,
            "cond_expr_undefined": Undefined,
            "context": scope_context(environment, MappingScope({}), {}, name),
            "environment": environment,
            "escape": escape,
            "is_empty": is_empty,
            "make_context": self._context,
            "markup_join": markup_join,
            "missing": missing,
            "only_known": only_known,
            "read": values.attribute_reader(environment),
            "read_name": values.name_reader(environment),
            "scalar": values.scalar,
            "show_fields": show_fields,
            "source": values.source,
            "source_text": values.source_text,
            "str_join": str_join,
            "text": values.text,
            "escaped": values.escaped,
            "identity": identity,
            "tidy": tidy,
            "undefined": environment.undefined,
            "within": values.within,
        }
        self.expressions = Expressions(environment, name, self.namespace)
        self._lines: list[str] = []
        self._wanted: list[tuple[Any, str, str]] = []
        self._count = 0

    def _context(self, scope: Scope) -> Any:
        return scope_context(self.environment, scope, {}, self.name)

    def bind(self, value: Any) -> str:
        """A variable of the module that holds `value`."""
        self._count += 1
        self.namespace[f"b{self._count}"] = value
        return f"b{self._count}"

    def region(self, writer: Writer, items: list[Item], names: Names) -> str:
        """An expression that renders an opaque region."""
        render, wanted = region_function(self.environment, self.name, items, names)
        arguments = []
        for argument, number, name in wanted:
            variable = f"r{number}_{name}"
            writer.used.add(variable)
            arguments.append(f"{argument!r}: {variable}")
        return f"{self.bind(render)}(scope, {{{', '.join(arguments)}}})"

    def _function(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    def finish(self) -> None:
        """Compile everything that was written and hand the functions out."""
        text = "\n".join(self._lines) + "\n"
        filename = f"<livets template {self.name!r}>"
        exec(compile(text, filename, "exec"), self.namespace)  # noqa: S102 - our own generated code
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        for target, attribute, name in self._wanted:
            setattr(target, attribute, self.namespace[name])

    def live_function(self, write: Callable[[Writer], str]) -> str:
        """A function of the scope alone; `write` returns the expression of its result."""
        name = self._function("live_")
        head = Head()
        writer = Writer(self, head, fast=False)
        self.expressions.calls = False
        result = write(writer)
        self._lines.append(f"def {name}(scope):")
        if self.expressions.calls:
            self._lines.append(_INDENT + "context = make_context(scope)")
        self._lines += head.source(_INDENT)
        self._lines += [_INDENT + line for line in writer.lines]
        self._lines.append(f"{_INDENT}return {result}")
        return name

    def row_function(self, slot: SlotPlan, block: BlockPlan, only: list[int] | None = None) -> tuple[str, bool]:
        """(name of a binder that gives row(item), or row(item, loop)), True when it wants the loop.

        `only`: some of the slots of `block`, which is the row or what is inside of it.
        """
        assert slot.loop is not None
        assert slot.row_names is not None
        entry = slot.row_names.entry
        assert isinstance(entry, Row)
        name, head = self._function("bind_"), Head()
        bodies: list[list[str]] = []
        loop = f"r{entry.number}_loop"
        uses_loop = False
        self.expressions.calls = False
        for fast in (False, True):
            writer = Writer(self, head, fast=fast)
            writer._count = 0
            result = writer.slots(block, only)
            bodies.append([*writer.lines, f"return {result}"])
            uses_loop |= loop in writer.used
        target = writer.target(slot.loop.target, slot.row_names)
        unpack = [] if not target.startswith("(") else [f"{target} = row"]
        parameter = "row" if unpack else target
        parameters = f"{parameter}, {loop}" if uses_loop else parameter
        calls = self.expressions.calls
        lines = [f"def {name}(scope, plain):"]
        if calls:
            lines.append(_INDENT + "context = make_context(scope)")
        lines += head.source(_INDENT)
        lines.append(f"{_INDENT}def slow({parameters}):")
        lines += [_INDENT * 2 + line for line in [*unpack, *bodies[0]]]
        if not calls and bodies[0] != bodies[1]:
            lines += [f"{_INDENT}if plain: return slow", f"{_INDENT}def fast({parameters}):", f"{_INDENT * 2}try:"]
            lines += [_INDENT * 3 + line for line in [*unpack, *bodies[1]]]
            lines += [f"{_INDENT * 2}except AttributeError: return slow({parameters})", f"{_INDENT}return fast"]
        else:
            lines.append(f"{_INDENT}return slow")
        self._lines += lines
        return name, uses_loop

    # Blocks

    def block(self, plan: BlockPlan, *, live: bool) -> Block:
        """The running block of a plan. `live` blocks stand outside of all loops."""
        slots = [self._slot(number, slot, live=live) for number, slot in enumerate(plan.slots)]
        block = Block(slots, _merged(plan.source))
        self._html(plan, block)
        self._wire(plan, block)
        if live:
            for slot, described in zip(slots, plan.slots, strict=True):
                found = depends(described)
                slot.reads, slot.volatile = frozenset(found.names), found.volatile
                slot.models = frozenset(found.models)
            block.index()
        return block

    def _slot(self, number: int, plan: SlotPlan, *, live: bool) -> Slot:
        if plan.kind is SlotKind.IF:
            blocks = [self.block(block, live=live) for block in plan.blocks]
            return self._live_if(number, plan, blocks) if live else IfSlot(number, plan.lineno, blocks)
        if plan.kind is SlotKind.FOR:
            row = self.block(plan.blocks[0], live=False)
            if live:
                return self._live_for(number, plan, row)
            return ForSlot(number, plan.lineno, row, plan.key_slot, ranged=plan.ranged)
        slot: ScalarSlot
        if plan.kind is SlotKind.HTML:
            html_kind = LiveHtml if live else HtmlSlot
            edits = getattr(self.environment, "edits", False)
            slot = html_kind(number, plan.lineno, plan.parent, plan.namespace, edits=edits)
        else:
            kind = LiveScalar if live else ScalarSlot
            slot = kind(number, plan.lineno, _wire_of(plan))
        slot.bound = plan.bound
        if isinstance(slot, LiveScalar):

            def write(writer: Writer) -> str:
                writer.slot(plan, "value")
                return "value"

            self._wanted.append((slot, "evaluate", self.live_function(write)))
            slot.html = _html_of(plan)
        return slot

    def _live_if(self, number: int, plan: SlotPlan, blocks: list[Block]) -> LiveIf:
        slot = LiveIf(number, plan.lineno, blocks)
        slot.test_reads, slot.test_volatile = frozenset(plan.reads.names), plan.reads.volatile

        def write(writer: Writer) -> str:
            if plan.empty_of is not None:
                return f"0 if is_empty({writer.rows_source(plan.names, plan.empty_of)}) else -1"
            for branch, test in enumerate(plan.tests):
                writer.line(f"if {writer.expression(test, plan.names)}: return {branch}")
            return str(len(plan.tests) if len(plan.blocks) > len(plan.tests) else -1)

        self._wanted.append((slot, "branch", self.live_function(write)))
        return slot

    def _live_for(self, number: int, plan: SlotPlan, row: Block) -> LiveFor:
        assert plan.loop is not None
        loop = plan.loop
        slot = LiveFor(number, plan.lineno, row, plan.key_slot, ranged=plan.ranged)
        self._wanted.append((slot, "source", self.live_function(lambda writer: writer.rows_source(plan.names, loop))))
        binder, slot.uses_loop = self.row_function(plan, plan.blocks[0])
        self._wanted.append((slot, "bind", binder))
        if plan.key_slot is not None:
            self._wanted.append((slot, "bind_key", self.row_function(plan, plan.body, [plan.key_slot])[0]))
        slot.source_reads, slot.source_volatile = frozenset(plan.reads.names), plan.reads.volatile
        slot.filtered = loop.test is not None
        outer: set[str] = set()
        for column, inner in enumerate(plan.blocks[0].slots):
            found = depends(inner)
            outer |= found.names
            slot.row_volatile |= found.volatile
            if found.names:
                slot.outer_columns[column] = frozenset(found.names)
                function, _ = self.row_function(plan, plan.blocks[0], [column])
                slot.columns[column] = None  # type: ignore[assignment]
                self._wanted.append((_Entry(slot.columns, column), "value", function))
        slot.outer = frozenset(outer)
        slot.key_name = _key_name(plan)
        return slot

    def _html(self, plan: BlockPlan, block: Block) -> None:
        text = ""
        for piece in _merged(plan.source):
            if isinstance(piece, str):
                text += piece.replace("{", "{{").replace("}", "}}")
                continue
            slot, variable = plan.slots[piece], f"s{piece}"
            if slot.kind in (SlotKind.IF, SlotKind.FOR):
                text += f"{{{self.bind(block.slots[piece].html)}({variable})}}"
            elif slot.kind is SlotKind.HTML:
                text += f"<!--[-->{{{variable}}}<!--]-->"
            elif slot.raw:
                text += f"{{{variable}}}"
            else:
                text += f"{{{variable} if type({variable}) is int else escaped({variable})}}"
        name = self._function("html_")
        self._lines += [f"def {name}(v):", *self._unpack(plan), f"{_INDENT}return f{text!r}"]
        self._wanted.append((block, "html", name))

    def _wire(self, plan: BlockPlan, block: Block) -> None:
        parts = []
        for number, slot in enumerate(plan.slots):
            variable = f"s{number}"
            if slot.kind in (SlotKind.TEXT, SlotKind.ATTR) and not slot.raw and not slot.trims_newline:
                clean = f"type({variable}) is int or ('\\r' not in {variable} and '\\0' not in {variable})"
                parts.append(f"{variable} if {clean} else tidy({variable})")
            else:
                parts.append(f"{self.bind(block.slots[number].wire)}({variable})")
        name = self._function("wire_")
        self._lines += [f"def {name}(v):", *self._unpack(plan), f"{_INDENT}return [{', '.join(parts)}]"]
        self._wanted.append((block, "wire", name))

    def _unpack(self, plan: BlockPlan) -> list[str]:
        return [f"{_INDENT}({', '.join(f's{n}' for n in range(len(plan.slots)))},) = v"] if plan.slots else []


class _Entry:
    """An entry of a dict as an attribute, so that finished functions can be handed out."""

    def __init__(self, table: dict[int, Any], key: int) -> None:
        self.__dict__.update(table=table, key=key)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__["table"][self.__dict__["key"]] = value


def _merged(source: list[str | int]) -> list[str | int]:
    merged: list[str | int] = []
    for piece in source:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    return merged


def _wire_of(plan: SlotPlan) -> Callable[[Any], Any]:
    if plan.kind is SlotKind.ATTRS:
        return _Attributes(frozenset(plan.candidates), plan.svg)
    if plan.literal:
        return tidy
    if plan.raw:
        decode = decode_attribute if plan.kind is SlotKind.ATTR else decode_text
        if plan.trims_newline:
            return lambda value: values.trimmed(decode(tidy(value)))
        return lambda value: decode(tidy(value))
    return values.trimmed if plan.trims_newline else values.wire_text


class _Attributes:
    """A region of a start tag as the map of those of its attributes that count."""

    def __init__(self, names: frozenset[str], svg: bool) -> None:
        self.names = names
        self.svg = svg

    def __call__(self, source: str) -> Mapping[str, str]:
        found = parse_attributes(source)
        if self.svg:
            found = tuple((SVG_ATTRIBUTES.get(name, name), value) for name, value in found)
        return {name: tidy(value) for name, value in found if name in self.names}


def _html_of(plan: SlotPlan) -> Callable[[Any], str]:
    if plan.kind is SlotKind.HTML:
        return lambda value: f"<!--[-->{value}<!--]-->"
    if plan.raw:
        return str
    return lambda value: str(value) if type(value) is int else values.escaped(value)


def _key_name(plan: SlotPlan) -> str | None:
    """The attribute of an item that is the row's key, when the key is that and nothing else."""
    if plan.key_slot is None or plan.loop is None or not isinstance(plan.loop.target, nodes.Name):
        return None
    parts = plan.body.slots[plan.key_slot].parts
    if len(parts) != 1 or not isinstance(parts[0], Value):
        return None
    node = plain_output(parts[0].node)
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
        owner, name = node.node, node.arg.value
    elif isinstance(node, nodes.Getattr):
        owner, name = node.node, node.attr
    else:
        return None
    return name if isinstance(owner, nodes.Name) and owner.name == plan.loop.target.name else None
