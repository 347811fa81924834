"""Items to a block: the tree of elements is counted here, and every dynamic place becomes a slot with a path.

It owns the decision which slot a dynamic place becomes, and what can't be one. What can't be split is raised as
Hard; `attempts` then makes a region opaque and starts again. It never evaluates.
"""

from __future__ import annotations

from typing import Final

from livets.errors import TemplateError
from livets.render.attributes import attribute_slots
from livets.render.changing import wrap_changing
from livets.render.controls import implied_choice, implied_value, model_of, note
from livets.render.draft import Frame
from livets.render.expanding import expand
from livets.render.faults import Unbalanced
from livets.render.inlining import MAX_EXPANSIONS
from livets.render.items import Branches, Define, Item, Loop, Mark, Opaque, Static, Value, fold, unfold
from livets.render.lines import file_of
from livets.render.markup import RAW_TEXT, RCDATA, VOID, Hard, Piece, Scanner
from livets.render.names import Names, reads
from livets.render.outputs import is_html
from livets.render.plans import BlockPlan, Context
from livets.render.ranges import write_branches, write_html, write_rows
from livets.render.runs import Build, Run
from livets.render.tags import Tag, parse_tag

_OPTIONAL_END = frozenset(
    ["p", "li", "dt", "dd", "option", "optgroup", "tr", "td", "th", "tbody", "thead", "tfoot", "colgroup", "rp", "rt"]
)

_ENDS: Final[dict[str, frozenset[str]]] = {
    "p": frozenset(["p"]),
    "li": frozenset(["li"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "option": frozenset(["option"]),
    "tr": frozenset(["tr", "td", "th"]),
    "td": frozenset(["td", "th"]),
    "th": frozenset(["td", "th"]),
}
"""Which open elements a parser ends in front of a start tag; `verify` asks a parser whether that is all."""

_GO_ON = frozenset(["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])
"""Elements that a parser opens again when something else has closed them: what follows is inside of them."""

_AROUND = frozenset(
    ["html", "body", "div", "main", "section", "article", "header", "footer", "nav", "aside", "form", "center"]
)
"""Elements that a layout may have around the view: a stray end tag would close them."""


class Builder(Run):
    """One pass over the items of one block."""

    def __init__(
        self, context: Context, items: list[Item], names: Names, around: Frame, build: Build, *, root: bool
    ) -> None:
        super().__init__(context, items, names, around, build)
        self.root = root
        self.scanner = Scanner(self)
        self.scopes: list[Names] = []
        self.left_open = ""
        """Which element a parser opens again behind the end tag that has closed it."""

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
                self.define(item)
            else:
                self.scanner.item(item, index)
        self._finish()
        self.flush()
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
        self.items[index : index + 1] = wrap_changing(unfold(expansion), self.context.changers)
        return True

    def _finish(self) -> None:
        at = self.scanner.at
        if self.root and self.scanner.state != "text" and all(isinstance(i, Static) for i in self.items[at[0] :]):
            raise TemplateError(f"{self.where(at)}: a tag or comment begins here and does not end; close it")
        self.scanner.finish(len(self.items) - 1)

    def _scope(self, mark: Mark) -> None:
        if mark.enters:
            self.scopes.append(self.names)
        else:
            self.names = self.scopes.pop()

    # What the scanner tells

    def comment(self, source: str, index: int) -> None:
        """A comment, or a doctype."""
        if source.lower().startswith("<!doctype"):
            raise self._document("<!DOCTYPE>", self.scanner.at)
        if source in ("<!--[-->", "<!--]-->") or (source.startswith("<!--[") and source[5:-3].lstrip("-").isdigit()):
            raise TemplateError(
                f"{self.where(self.scanner.at)}: the comment {source} is a marker of livets; write another comment"
            )
        self.flush()
        self.emit(source)
        self.count("#comment")

    def start(self, name: str, pieces: list[Piece], at: tuple[int, int], end: tuple[int, int]) -> str | None:
        """A start tag."""
        self.flush()
        name_lower = name.lower()
        if name_lower in ("html", "head", "body") and self.stack[-1].space == "":
            raise self._document(f"<{name_lower}>", at)
        self._imply_end(name_lower)
        self._imply_body(name_lower, at)
        dynamic = next((piece[1] for piece in pieces if not isinstance(piece, str)), at[0])
        try:
            tag = parse_tag(name, pieces, self.context.promoted)
        except Hard as hard:
            raise Hard(dynamic, hard.reason, enclosing=True) from None
        space = self.stack[-1].inner_space
        space = name_lower if name_lower in ("svg", "math") else space
        frame = Frame(name_lower, self.stack[-1].count, space, self.stack[-1].tag, self.line(at))
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

    def _imply_end(self, name: str) -> None:
        """A parser ends an element that was left open, where one begins that can't be in it."""
        top = self.stack[-1]
        while len(self.stack) > 1 and not top.space and top.tag in _ENDS.get(name, ()):
            self.stack.pop()
            top = self.stack[-1]

    def _imply_body(self, name: str, at: tuple[int, int]) -> None:
        """A parser opens a <tbody> for a row directly in a table, and closes it before the next section."""
        top = self.stack[-1]
        if top.is_implied and name in ("thead", "tbody", "tfoot", "caption", "colgroup"):
            self.stack.pop()
        elif top.tag == "table" and not top.space and name == "tr":
            frame = Frame("tbody", top.count, "", "table", self.line(at), is_implied=True)
            self.count("tbody")
            self.stack.append(frame)

    def end(self, name: str, source: str, at: tuple[int, int], end: tuple[int, int]) -> None:
        """An end tag."""
        if not any(frame.tag == name for frame in self.stack[1:]):
            if name in VOID or (self.root and name not in _AROUND):
                self._stray(name, source, at)
                return
            if self.root:
                raise TemplateError(
                    f"{self.where(at)}: </{name}> closes nothing that is "
                    f"open here; remove it or open <{name}> in the same template"
                )
            raise Unbalanced(f"</{name}> closes an element that this branch or row did not open")
        frame = self.stack[-1]
        if frame.implied is not None and not self.run_parts and frame.tag == name:
            self.add(frame.implied[0], frame.implied[1])
        self.flush()
        while (closed := self.stack.pop()).tag != name:
            if closed.tag in _GO_ON:
                line = f"line {int(closed.lineno)} of {file_of(closed.lineno, self.context.name)}"
                self.left_open = self.left_open or f"<{closed.tag}> is not closed before </{name}> ({line})"
        self.emit(source)

    def _stray(self, name: str, source: str, at: tuple[int, int]) -> None:
        """An end tag that a browser ignores, unless it is one that makes an element."""
        line = self.line(at)
        self.advise(line, f"</{name}> closes nothing that is open here; remove it")
        self.flush()
        self.emit(source)
        if name in ("p", "br"):
            self.count(name)

    def dynamic(self, item: Item, index: int, inside: str | None) -> None:
        """Something between nodes, or in the text of a textarea or title."""
        if inside is not None:
            self.add(item, index)
            return
        match item:
            case Value():
                if (
                    item.site in self.context.promoted
                    or is_html(item.node, self.names)
                    or not reads(self.context.environment, self.names, [item.node]).plain
                ):
                    write_html(self, [item], index)
                else:
                    self.add(item, index)
            case Branches():
                write_branches(self, item, index)
            case Loop() if self.is_text(item):
                self.add(item, index)
            case Loop():
                write_rows(self, item, index)
            case Opaque():
                write_html(self, [item], index)
                self.export(fold(item.body))
            case _:
                raise Hard(index, "a statement that livets does not know", enclosing=False)

    # Slots

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

    def _document(self, what: str, at: tuple[int, int]) -> TemplateError:
        return TemplateError(
            f"{self.where(at)}: {what} does not belong into a view's template, "
            f"which fills one element of the page; put the document around it into the layout"
        )
