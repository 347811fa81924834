"""Items to a block: the tree of elements is counted here, and every dynamic place becomes a slot with a path.

It owns the decision which slot a dynamic place becomes, and what can't be one. What can't be split is raised as
Hard; `build` then makes a region opaque and starts again. It never evaluates. The compiler calls it.
"""

from __future__ import annotations

from dataclasses import replace

from jinja2 import nodes

from livets.errors import TemplateError
from livets.render.attributes import attribute_slots
from livets.render.balancing import balanced, into_the_tag
from livets.render.controls import implied_choice, implied_value, model_of, note
from livets.render.draft import Draft, Frame
from livets.render.inlining import MAX_EXPANSIONS, expand
from livets.render.items import (
    Branches,
    Define,
    Item,
    Loop,
    Mark,
    Opaque,
    Static,
    Value,
    defined,
    definitions,
    fold,
    may_start_with_line_end,
    to_nodes,
    unfold,
)
from livets.render.lines import Advice, OpaquePart, file_of
from livets.render.loops import find_key, has_controls, row_fault, target_names
from livets.render.markup import RAW_TEXT, RCDATA, VOID, Hard, Piece, Scanner
from livets.render.names import Names, reads
from livets.render.outputs import is_html
from livets.render.plans import BlockPlan, Context, SlotPlan
from livets.render.regions import wrap, wrap_namespaces
from livets.render.tags import Tag, parse_tag
from livets.render.texts import Part, write_run
from livets.render.verify import verify
from livets.wire import SlotKind

_OPTIONAL_END = frozenset(
    ["p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot", "colgroup", "rp", "rt"]
)


_AROUND = frozenset(
    ["html", "body", "div", "main", "section", "article", "header", "footer", "nav", "aside", "form", "center"]
)
"""Elements that a layout may have around the view: a stray end tag would close them."""

_NO_KEY = (
    "the rows of this loop have form controls and no key: what was typed stays at its position when rows come and go; "
    'give the row\'s element a key: ts-key="{{ row.id }}"'
)
_MENDED = 10
"""What a mended branch counts for among the expansions: what follows it is written twice."""
_LINE_END = "a line end at the start of an element that drops it"


class Torn(Hard):
    """Branches that open or close an element without its other end."""

    def __init__(self, index: int, reason: str, *, is_steady: bool) -> None:
        super().__init__(index, reason, enclosing=True)
        self.is_steady = is_steady


class Unbalanced(Exception):
    """A block as a whole can't stand alone; whatever encloses it must become opaque."""


def build(context: Context, items: list[Item], names: Names, around: Frame, *, root: bool = False) -> BlockPlan:
    """The plan of a block. Raises Unbalanced when even its whole content can't be one block."""
    items = wrap_namespaces(unfold(items))
    names_at_start = names
    opaque = len(context.findings.opaque)
    while True:
        del context.findings.opaque[opaque:]
        builder = Builder(context, items, names_at_start, around, root=root)
        try:
            plan = builder.run()
            is_everything = root and len(items) == 1 and isinstance(items[0], Opaque)
            fault = None if is_everything else verify(plan)
            if fault is not None:
                raise fault
        except Hard as hard:
            items = _soften(context, items, hard, root=root)
            continue
        context.findings.opaque += [
            OpaquePart(file_of(item.lineno, context.name), int(item.lineno), item.reason)
            for item in items
            if isinstance(item, Opaque)
        ]
        return plan


def _soften(context: Context, items: list[Item], hard: Hard, *, root: bool) -> list[Item]:
    index = min(hard.index, len(items) - 1)
    if isinstance(hard, Torn) and context.findings.expansions < MAX_EXPANSIONS:
        context.findings.expansions += _MENDED
        mended = balanced(items, index, is_steady=hard.is_steady)
        if mended is not None:
            return mended
    enclosing = hard.enclosing or isinstance(items[index], Opaque)
    wrapped = wrap(items, index, index, hard.reason, enclosing=enclosing) if items else None
    if wrapped is not None:
        return wrapped
    if not root or (len(items) == 1 and isinstance(items[0], Opaque)):
        raise Unbalanced(hard.reason)
    lineno = items[index].lineno
    return [Opaque(items, [], lineno, hard.reason)]


class Builder(Draft):
    """One pass over the items of one block."""

    def __init__(self, context: Context, items: list[Item], names: Names, around: Frame, *, root: bool) -> None:
        super().__init__(context, items, names, around)
        self.root = root
        self.scanner = Scanner(self)
        self.run_parts: list[Part] = []
        self.run_names: list[Names] = []
        self.trim = False
        """A parser drops a line end here."""
        self.may_trim = False
        """It would, were it not for the markers of ranges that may be empty."""
        self.scopes: list[Names] = []

    def run(self) -> BlockPlan:
        """The plan. Raises Hard or Unbalanced."""
        index = -1
        while index + 1 < len(self.items):
            index += 1
            item = self.items[index]
            if self._is_between_nodes() and self._expand(item, index):
                index -= 1
            elif isinstance(item, Static):
                following = self.items[index + 1] if index + 1 < len(self.items) else None
                self.scanner.static(
                    item.text, index, followed=following is not None and not isinstance(following, Static)
                )
            elif isinstance(item, Mark):
                self._scope(item)
            elif isinstance(item, Define) and self.scanner.state == "text":
                self._define(item)
            else:
                self.scanner.item(item, index)
        self._finish()
        self._flush()
        for frame in self.stack[1:]:
            if not self.root:
                raise Unbalanced(f"<{frame.tag}> is opened but not closed in the same branch or row")
            if frame.tag not in _OPTIONAL_END:
                raise TemplateError(
                    f"{file_of(frame.lineno, self.context.name)}, line {frame.lineno}: <{frame.tag}> is never closed; "
                    f"close it in the same template"
                )
        namespace = self.top.space if self.top.space in ("svg", "math") else ""
        return BlockPlan(self.html, self.source, self.slots, namespace, self.top.parent, self.tops)

    def _is_between_nodes(self) -> bool:
        return self.scanner.state == "text" and self.scanner.raw is None

    def _expand(self, item: Item, index: int) -> bool:
        """Write out the call of a macro: its items take the place of the call."""
        findings = self.context.findings
        expansion = expand(self.names, item) if findings.expansions < MAX_EXPANSIONS else None
        if expansion is None:
            return False
        findings.expansions += 1
        self.items[index : index + 1] = unfold(expansion)
        return True

    def _finish(self) -> None:
        at = self.scanner.at
        if self.root and self.scanner.state != "text" and all(isinstance(i, Static) for i in self.items[at[0] :]):
            raise TemplateError(f"{self._where(at)}: a tag or comment begins here and does not end; close it")
        self.scanner.finish(len(self.items) - 1)

    def _scope(self, mark: Mark) -> None:
        if mark.enters:
            self.scopes.append(self.names)
        else:
            self.names = self.scopes.pop()

    def _define(self, item: Define | Branches) -> None:
        targets = defined([item])
        node = to_nodes([item])[0]
        assert isinstance(node, nodes.Stmt)
        if isinstance(item, Define):
            self.names = self.names.define(node, targets, body=item.body, aliases=item.aliases)
        else:
            self.names = self.names.define(node, targets, definite=False)

    def _export(self, items: list[Item]) -> None:
        for kept in definitions(items):
            assert isinstance(kept, Define | Branches)
            self._define(kept)

    # What the scanner tells

    def text(self, source: str, index: int) -> None:
        """Static text."""
        if self.may_trim and not self.run_parts and source.startswith("\n"):
            raise Hard(index, _LINE_END, enclosing=True)
        if self.trim and not self.run_parts:
            self.trim = False
            if source.startswith("\n"):
                self.emit("\n")
                source = source[1:]
                if not source:
                    return
        if self.run_parts and isinstance(self.run_parts[-1], str):
            self.run_parts[-1] += source
        else:
            self.run_parts.append(source)

    def comment(self, source: str, index: int) -> None:
        """A comment, or a doctype."""
        if source.lower().startswith("<!doctype"):
            raise self._document("<!DOCTYPE>", self.scanner.at)
        if source in ("<!--[-->", "<!--]-->") or (source.startswith("<!--[") and source[5:-3].lstrip("-").isdigit()):
            raise TemplateError(
                f"{self._where(self.scanner.at)}: the comment {source} is a marker of livets; write another comment"
            )
        self._flush()
        self.emit(source)
        self.count("comment")

    def start(self, name: str, pieces: list[Piece], at: tuple[int, int], end: tuple[int, int]) -> str | None:
        """A start tag."""
        self._flush()
        name_lower = name.lower()
        if name_lower in ("html", "head", "body") and self.stack[-1].space == "":
            raise self._document(f"<{name_lower}>", at)
        self._imply_body(name_lower, at)
        dynamic = next((piece[1] for piece in pieces if not isinstance(piece, str)), at[0])
        try:
            tag = parse_tag(name, pieces)
        except Hard as hard:
            raise Hard(dynamic, hard.reason, enclosing=True) from None
        space = self.stack[-1].inner_space
        space = name_lower if name_lower in ("svg", "math") else space
        frame = Frame(name_lower, self.stack[-1].count, space, self.stack[-1].tag, self._line(at))
        text = self._tag(tag, frame, at[0], end)
        self.count(name_lower)
        if (name_lower in VOID and not space) or (tag.close == "/>" and space):
            return None
        self.stack.append(frame)
        if space:
            return None
        self.trim = name_lower in ("pre", "textarea", "listing")
        if text is not None:
            frame.implied = (text, at[0])
        return name_lower if name_lower in RCDATA or name_lower in RAW_TEXT else None

    def _imply_body(self, name: str, at: tuple[int, int]) -> None:
        """A parser opens a <tbody> for a row directly in a table, and closes it before the next section."""
        top = self.stack[-1]
        if top.is_implied and name in ("thead", "tbody", "tfoot", "caption", "colgroup"):
            self.stack.pop()
        elif top.tag == "table" and not top.space and name == "tr":
            frame = Frame("tbody", top.count, "", "table", self._line(at), is_implied=True)
            self.count("tbody")
            self.stack.append(frame)

    def end(self, name: str, source: str, at: tuple[int, int], end: tuple[int, int]) -> None:
        """An end tag."""
        if not any(frame.tag == name for frame in self.stack[1:]):
            if name == "br" or (self.root and name not in _AROUND):
                self._stray(name, source, at)
                return
            if self.root:
                raise TemplateError(
                    f"{self._where(at)}: </{name}> closes nothing that is "
                    f"open here; remove it or open <{name}> in the same template"
                )
            raise Unbalanced(f"</{name}> closes an element that this branch or row did not open")
        frame = self.stack[-1]
        if frame.implied is not None and not self.run_parts and frame.tag == name:
            self._add(frame.implied[0], frame.implied[1])
        self._flush()
        while self.stack.pop().tag != name:
            pass
        self.emit(source)

    def _stray(self, name: str, source: str, at: tuple[int, int]) -> None:
        """An end tag that a browser ignores, unless it is one that makes an element."""
        line = self._line(at)
        self._advise(line, f"</{name}> closes nothing that is open here; remove it")
        self._flush()
        self.emit(source)
        if name in ("p", "br"):
            self.count(name)

    def dynamic(self, item: Item, index: int, inside: str | None) -> None:
        """Something between nodes, or in the text of a textarea or title."""
        if inside is not None:
            self._add(item, index)
            return
        match item:
            case Value():
                if (
                    item.site in self.context.promoted
                    or is_html(item.node, self.names)
                    or not reads(self.context.environment, self.names, [item.node]).plain
                ):
                    self._range([item], index)
                else:
                    self._add(item, index)
            case Branches():
                self._branches(item, index)
            case Loop() if self.is_text(item):
                self._add(item, index)
            case Loop():
                self._loop(item, index)
            case Opaque():
                self._range([item], index)
                self._export(fold(item.body))
            case _:
                raise Hard(index, "a statement that livets does not know", enclosing=False)

    # Slots

    def _add(self, item: Item, index: int) -> None:
        if self.may_trim and not self.run_parts:
            raise Hard(index, _LINE_END, enclosing=True)
        self.run_names.append(self.names)
        self.run_parts.append((item, index))
        self._export([item])

    def _flush(self) -> None:
        """A text run has ended: one text node, and a slot when something in it is dynamic."""
        parts, self.run_parts = self.run_parts, []
        seen, self.run_names = self.run_names, []
        newline, self.trim, self.may_trim = self.trim and bool(parts), False, False
        if parts:
            write_run(self, parts, seen, newline=newline)

    def _range(self, parts: list[Item], index: int) -> SlotPlan:
        trims = self._check_newline(parts, index)
        self._flush()
        slot = self.slot(SlotKind.HTML, self.path(), index, parts)
        self.open_range()
        self.may_trim = trims
        return slot

    def _tag(self, tag: Tag, frame: Frame, index: int, end: tuple[int, int]) -> Item | None:
        """Source, HTML and slots of a start tag; returns the implied text of a textarea."""
        note(tag, self.context.findings)
        path = [*self.path()]
        model = model_of(tag)
        frame.model = model
        frame.chooser = model if tag.name == "select" else self.stack[-1].chooser
        implied = implied_value(tag, model, -1 - len(self.slots), frame.lineno) if model else None
        if tag.name == "option" and frame.chooser is not None:
            model = frame.chooser
            implied = implied_choice(tag, model, self._following(end), frame.lineno)
        attribute_slots(self, tag, path, index, implied if implied and implied[0] else None, model)
        return implied[1][0] if implied and not implied[0] else None

    def _following(self, end: tuple[int, int]) -> list[Item]:
        """A few items from a place on, the first cut there."""
        first, *rest = self.items[end[0] : end[0] + 4]
        cut = Static(first.text[end[1] :], first.lineno) if isinstance(first, Static) else None
        return [*([cut] if cut is not None and cut.text else []), *rest]

    def _branches(self, item: Branches, index: int) -> None:
        exported = definitions([item])
        written = [body for body in item.bodies if any(not isinstance(part, Define) for part in body)]
        if not written and item.bodies:
            self._export(exported)
            return
        trims = self._check_newline([item], index)
        self._flush()
        found = reads(self.context.environment, self.names, item.tests)
        if not found.plain:
            raise Hard(index, "a condition that needs a macro or an import", enclosing=False)
        blocks = []
        path = self.path()
        for body in item.bodies:
            try:
                blocks.append(build(self.context, body, self.names, self.around()))
            except Unbalanced as error:
                raise Torn(index, str(error), is_steady=not found.volatile) from None
        slot = self.slot(SlotKind.IF, path, index, [])
        slot.tests, slot.blocks, slot.reads, slot.lineno = item.tests, blocks, found, item.lineno
        self.open_range()
        self.may_trim = trims
        self._export(exported)

    def _trims(self) -> bool:
        """True when a parser may drop a line end here: nothing but empty values and ranges since <pre>."""
        return (self.trim or self.may_trim) and not any(isinstance(part, str) for part in self.run_parts)

    def _check_newline(self, items: list[Item], index: int) -> bool:
        """Right after <pre> a parser drops a line end, but not after a marker comment: Jinja2 must write both."""
        trims = self._trims()
        if trims and may_start_with_line_end(items):
            raise Hard(index, _LINE_END, enclosing=True)
        return trims

    def _loop(self, item: Loop, index: int) -> None:
        trims = self._check_newline([item], index)
        self._flush()
        targets = target_names(item.target)
        inner = self.names.row(targets)
        sources = [item.source]
        found = reads(self.context.environment, self.names, sources)
        if item.test is not None:
            test_reads = reads(self.context.environment, self.names.row(targets, loop=False), [item.test])
            found.names |= test_reads.names
            found.volatile |= test_reads.volatile
            found.plain &= test_reads.plain
            found.positional |= test_reads.positional
        if not found.plain:
            raise Hard(index, "a loop whose source needs a macro or an import", enclosing=False)
        opaque = len(self.context.findings.opaque)
        try:
            row = build(self.context, item.body, inner, self.around())
            orelse = build(self.context, item.orelse, self.names, self.around()) if item.orelse else None
        except Unbalanced as error:
            raise Hard(index, str(error), enclosing=True) from None
        fault = row_fault(row)
        if fault is not None:
            merged = self._row_of_one_element(item, inner)
            if merged is None:
                raise Hard(index, fault, enclosing=False)
            del self.context.findings.opaque[opaque:]
            self.items[index] = merged
            self._loop(merged, index)
            return
        slot = self.slot(SlotKind.FOR, self.path(), index, [])
        slot.loop, slot.blocks, slot.reads, slot.row_names, slot.lineno = item, [row], found, inner, item.lineno
        find_key(slot, row, inner, targets)
        if slot.key is None and has_controls(row):
            self._advise(item.lineno, _NO_KEY)
        self.open_range()
        if orelse is not None:
            other = self.slot(SlotKind.IF, self.path(), index, [])
            other.empty_of, other.blocks, other.reads = item, [orelse], found
            self.open_range()
        self.may_trim = trims

    def _row_of_one_element(self, item: Loop, inner: Names) -> Loop | None:
        """The loop with a condition that is around its row's element, in every branch the same, put into the tag."""
        body = unfold(item.body)
        for place, part in enumerate(body):
            if isinstance(part, Branches) and not reads(self.context.environment, inner, part.tests).volatile:
                merged = into_the_tag(part)
                if merged is not None:
                    body[place : place + 1] = merged
                    return replace(item, body=fold(body))
        return None

    # Places

    def _line(self, at: tuple[int, int]) -> int:
        """The line of a place in the source."""
        item = self.items[at[0]]
        return item.lineno + (item.text.count("\n", 0, at[1]) if isinstance(item, Static) else 0)

    def _where(self, at: tuple[int, int]) -> str:
        line = self._line(at)
        return f"{file_of(line, self.context.name)}, line {line}"

    def _advise(self, lineno: int, message: str) -> None:
        advice = Advice(file_of(lineno, self.context.name), int(lineno), message)
        self.context.findings.advice.add(advice)

    def _document(self, what: str, at: tuple[int, int]) -> TemplateError:
        return TemplateError(
            f"{self._where(at)}: {what} does not belong into a view's template, "
            f"which fills one element of the page; put the document around it into the layout"
        )
