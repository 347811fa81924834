"""Directives to Jinja2: `ts-if`, `ts-for`, `ts-text`, `ts-class`, `ts-show`, `ts-bind` are rewritten in the source.

It owns what each directive becomes, and which uses are wrong: every fault has file, line, the line itself with a
caret, and a hint. Lines stay lines, so that later errors name the right one. The expressions are Jinja's; the browser
never sees them. The environment calls `expand` for every source that it parses, files and strings alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import jinja2

from livets.render.directives_code import Code
from livets.render.directives_scan import Attribute, EndTag, Jinja, Scan, StartTag, Text, Unfinished
from livets.render.directives_values import ATTRIBUTE_FILTER, CLASS_FILTER
from livets.render.guards import URL_ATTRIBUTES
from livets.render.markup import VOID

_ANY: Final = re.compile(r"\bts-(?:if|el|for|text|class|show|bind)", re.IGNORECASE)
_STRUCTURAL: Final = ("ts-if", "ts-else-if", "ts-else", "ts-for", "ts-text")
_MISTAKEN: Final = {"ts-elif": "ts-else-if", "ts-elseif": "ts-else-if", "ts-foreach": "ts-for"}
_NO_BIND: Final = re.compile(r"ts-|on|srcdoc$")
_ATTRIBUTE_NAME: Final = re.compile(r"[A-Za-z_][\w.:-]*")


def expand(source: str, environment: jinja2.Environment, name: str = "<inline>") -> str:
    """The source with every directive written as Jinja2. Raises TemplateError where one is used wrongly.

    >>> expand('<li ts-for="x in xs" ts-text="x"></li>', jinja2.Environment())
    '{% for x in xs %}<li>{{ x }}</li>{% endfor %}'
    """
    return _Expander(source, environment, name).run() if _ANY.search(source) else source


@dataclass(slots=True)
class _Open:
    """An open element. `closing` is written after its end; `chain` says what a `ts-else` after it would belong to."""

    tag: StartTag
    directive: str = ""
    closing: str = ""
    chain: str = ""
    is_fragment: bool = False
    has_text: bool = False
    key: str = ""
    """For the first element inside of <template ts-for ts-key>."""


@dataclass(slots=True)
class _Statement:
    """An open Jinja statement: the elements that were open before it, and those after its first branch."""

    keyword: str
    before: list[_Open]
    after: list[_Open] | None = None


@dataclass(slots=True)
class _Chain:
    """An element with `ts-if` or `ts-for` has ended at `position`: an else may follow."""

    position: int
    keyword: str


@dataclass(slots=True)
class _Tag:
    """A start tag while its directives are rewritten."""

    tag: StartTag
    found: dict[str, Attribute] = field(default_factory=dict)
    before: str = ""
    closing: str = ""
    chain: str = ""


class _Expander:
    """One pass over one source."""

    def __init__(self, source: str, environment: jinja2.Environment, name: str) -> None:
        self.source = source
        self.environment = environment
        self.code = Code(source, environment, name)
        self.edits: list[tuple[int, int, str]] = []
        self.open: list[_Open] = []
        self.statements: list[_Statement] = []
        self.chain: _Chain | None = None

    def run(self) -> str:
        """The rewritten source."""
        try:
            for token in Scan(self.environment, self.source).tokens():
                match token:
                    case Text():
                        if not token.is_comment and self.source[token.start : token.end].strip():
                            self._end_chain()
                    case Jinja():
                        self._statement(token)
                    case StartTag():
                        self._start(token)
                    case EndTag():
                        self._end(token)
        except Unfinished:
            pass
        self._end_chain()
        self._refuse_open(self.open, "is never closed", "close it in the same template")
        return self._edited()

    def _edited(self) -> str:
        out: list[str] = []
        at = 0
        for start, end, text in sorted(self.edits, key=lambda edit: edit[:2]):
            out += (self.source[at:start], text)
            at = end
        return "".join([*out, self.source[at:]])

    def _insert(self, position: int, text: str) -> None:
        if text:
            self.edits.append((position, position, text))

    def _remove(self, start: int, end: int) -> None:
        """Take something out; its lines stay."""
        self.edits.append((start, end, "\n" * self.source.count("\n", start, end)))

    def _lines(self, token: StartTag | Attribute) -> str:
        return "\n" * self.source.count("\n", token.start, token.end)

    # Statements and elements

    def _statement(self, token: Jinja) -> None:
        if token.is_comment:
            return
        self._end_chain()
        if token.opens:
            self.statements.append(_Statement(token.keyword, list(self.open)))
        elif token.keyword in ("else", "elif", "pluralize") and self.statements:
            top = self.statements[-1]
            self._refuse_open(self.open[len(top.before) :], *_CUT)
            top.after = list(self.open) if top.after is None else top.after
            self.open = list(top.before)
        elif token.keyword.startswith("end"):
            opened = [statement.keyword for statement in self.statements]
            if token.keyword[3:] in opened:
                while self.statements[-1].keyword != token.keyword[3:]:
                    self.statements.pop()
                top = self.statements.pop()
                self._refuse_open(self.open[len(top.before) :], *_CUT)
                self.open = self.open if top.after is None else top.after

    def _refuse_open(self, elements: list[_Open], what: str, hint: str) -> None:
        for element in elements:
            if element.directive:
                message = f"<{element.tag.name}> with {element.directive} {what}"
                raise self.code.fault(element.tag.start, message, hint)

    def _end_chain(self) -> None:
        chain, self.chain = self.chain, None
        if chain is not None:
            self._insert(chain.position, f"{{% end{chain.keyword} %}}")

    def _end(self, token: EndTag) -> None:
        self._end_chain()
        place = next((at for at in reversed(range(len(self.open))) if self.open[at].tag.name == token.name), None)
        if place is None:
            return
        self._refuse_open(self.open[place + 1 :], f"is not closed before </{token.name}>", "write its end tag")
        element = self.open[place]
        del self.open[place:]
        if not element.directive:
            return
        if any(element in statement.before for statement in self.statements):
            self._refuse_open([element], *_CUT)
        if element.has_text:
            self._check_empty(element, token)
        if element.is_fragment:
            self._remove(token.start, token.end)
        self._ended(token.end, element.closing, element.chain)

    def _ended(self, position: int, closing: str, chain: str) -> None:
        self._insert(position, closing)
        self.chain = _Chain(position, chain) if chain else None

    def _check_empty(self, element: _Open, token: EndTag) -> None:
        start, end = element.tag.end, token.start
        if self.source[start:end].strip():
            raise self.code.fault(
                start,
                f"ts-text writes all that <{token.name}> contains, but it has content of its own",
                "remove the content, or write {{ }} into it instead of ts-text",
            )

    def _start(self, token: StartTag) -> None:
        if self.open and self.open[-1].key:
            self._insert(token.start + 1 + len(token.name), f' ts-key="{{{{ {self.open[-1].key} }}}}"')
            self.open[-1].key = ""
        tag = _Tag(token, self._directives(token))
        if not any(name.startswith(("ts-else", "ts-elif")) for name in tag.found):
            self._end_chain()
        directive = next((name for name in tag.found if name in _STRUCTURAL), "")
        is_fragment = token.name == "template" and bool(directive)
        self._conditions(tag)
        if is_fragment:  # its lines go into the statement, where they write nothing
            tag.before = f"{tag.before[:-2]}{self._lines(token)}%}}"
        self._insert(token.start, tag.before)
        element = _Open(token, directive, tag.closing, tag.chain, is_fragment)
        if is_fragment:
            self._fragment(tag, element)
        else:
            self._attributes(tag, element)
        in_foreign = any(other.tag.name in ("svg", "math") for other in self.open) or token.name in ("svg", "math")
        if token.name in VOID or (in_foreign and self.source[token.close] == "/"):
            self._ended(token.end, tag.closing, tag.chain)
        else:
            self.open.append(element)

    def _directives(self, token: StartTag) -> dict[str, Attribute]:
        found: dict[str, Attribute] = {}
        for attribute in token.attributes:
            name = attribute.name
            if name in _MISTAKEN:
                raise self.code.fault(attribute.start, f"there is no {name}", f"write {_MISTAKEN[name]}")
            if not (name in _STRUCTURAL or name in ("ts-class", "ts-show") or name.split(":")[0] == "ts-bind"):
                continue
            if name in found:
                raise self.code.fault(attribute.start, f"{name} is written twice in one tag", "write it once")
            if attribute.is_conditional and (name in _STRUCTURAL or name == "ts-class"):
                raise self.code.fault(
                    attribute.start,
                    f"{name} inside of a Jinja statement within the tag",
                    "directives stand in the tag itself; put the condition into the expression",
                )
            found[name] = attribute
        return found

    # ts-if, ts-else-if, ts-else, ts-for

    def _conditions(self, tag: _Tag) -> None:
        found = tag.found
        branch = found.get("ts-else-if") or found.get("ts-else")
        if branch is not None:
            self._else(tag, branch)
        loop, test = found.get("ts-for"), found.get("ts-if")
        if test is not None and branch is not None:
            raise self.code.fault(test.start, f"ts-if beside {branch.name}", "write ts-else-if with the condition")
        condition = self.code.expression(test) if test is not None else ""
        if loop is not None:
            head, filtered = self.code.loop(loop)
            if condition and filtered and test is not None:
                raise self.code.fault(test.start, "ts-for has a condition already", "write one of the two")
            tag.before += f"{{% for {head}{f' if ({condition})' if condition else ''} %}}"
            tag.closing += "{% endfor %}" if branch is not None else ""
            tag.chain = tag.chain if branch is not None else "for"
        elif condition:
            tag.before += f"{{% if ({condition}) %}}"
            tag.chain = "if"
        if branch is not None and branch.name == "ts-else":
            tag.closing, tag.chain = f"{tag.closing}{{% end{tag.chain} %}}", ""

    def _else(self, tag: _Tag, branch: Attribute) -> None:
        chain, self.chain = self.chain, None
        if len(tag.found.keys() & {"ts-else-if", "ts-else"}) > 1:
            raise self.code.fault(branch.start, "ts-else beside ts-else-if", "write one of the two")
        if chain is None:
            raise self.code.fault(
                branch.start,
                f"{branch.name} without a ts-if before it",
                "it goes with the element directly before, which needs ts-if, ts-else-if or (for ts-else) ts-for; "
                "only white space and comments may stand between them",
            )
        tag.chain = chain.keyword
        if branch.name == "ts-else":
            if branch.value is not None and self.source[slice(*branch.value)].strip():
                raise self.code.fault(branch.start, "ts-else takes no expression", "write ts-else-if")
            tag.before = "{%- else %}"
        elif chain.keyword == "for":
            raise self.code.fault(branch.start, "ts-else-if after ts-for", "write ts-else: it shows when no row does")
        else:
            tag.before = f"{{%- elif ({self.code.expression(branch)}) %}}"

    def _fragment(self, tag: _Tag, element: _Open) -> None:
        """<template ts-if> and <template ts-for> are not rendered themselves, only what is in them."""
        for attribute in tag.tag.attributes:
            if attribute.name == "ts-key" and "ts-for" in tag.found:
                element.key = self.code.expression(attribute)
            elif attribute.name not in ("ts-if", "ts-else-if", "ts-else", "ts-for"):
                raise self.code.fault(
                    attribute.start,
                    f"<template> with {element.directive} is not rendered itself, so it can't have {attribute.name}",
                    "write it on an element inside, or use another element than <template>",
                )
        self.edits.append((tag.tag.start, tag.tag.end, ""))

    # The tag itself

    def _attributes(self, tag: _Tag, element: _Open) -> None:
        token, bound = tag.tag, ""
        for name, attribute in tag.found.items():
            if name == "ts-text":
                self._text(token, attribute, element)
            elif name in ("ts-class", "ts-bind:class"):
                self._class(token, attribute)
                continue
            elif name == "ts-show":
                self._refuse_twice(token, attribute, "hidden")
                bound += f"{{{{ (not ({self.code.expression(attribute)}))|{ATTRIBUTE_FILTER}('hidden') }}}}"
            elif name.startswith("ts-bind"):
                bound += self._bind(token, attribute)
            self._cut(attribute)
        if "ts-for" in tag.found:
            self._key(token)
        if bound:
            self._insert(token.close, self._gap(token) + bound)

    def _gap(self, token: StartTag) -> str:
        """A space, where what comes before the end of the tag is a value without quotes."""
        kept = [own for own in token.attributes if not own.name.startswith(("ts-show", "ts-bind"))]
        return " " if kept and kept[-1].value is not None and not kept[-1].quote else ""

    def _cut(self, attribute: Attribute) -> None:
        start = attribute.start
        while self.source[start - 1] in " \t":
            start -= 1
        self._remove(start if self.source[start - 1] not in "\r\n" else attribute.start, attribute.end)

    def _text(self, token: StartTag, attribute: Attribute, element: _Open) -> None:
        code = self.code.expression(attribute)
        if self.source[token.close] == "/" and token.name not in VOID:
            self.edits.append((token.close, token.end, f">{{{{ {code} }}}}</{token.name}>"))
            return
        if token.name in VOID:
            raise self.code.fault(
                attribute.start, f"<{token.name}> has no text", "ts-bind:value sets a control's value"
            )
        following = self.source[token.end : token.end + 1]
        self._insert(token.end, f"{{{{ {code} {'-' if following.isspace() else ''}}}}}")
        element.has_text = True

    def _class(self, token: StartTag, attribute: Attribute) -> None:
        code = self.code.expression(attribute)
        other = next((own for own in token.attributes if own.name == "class"), None)
        if other is None:
            self.edits.append((attribute.start, attribute.end, f'class="{{{{ ({code})|{CLASS_FILTER} }}}}"'))
            self._keep_lines(attribute)
            return
        if other.is_conditional:
            raise self.code.fault(
                other.start, f"class in a Jinja statement beside {attribute.name}", "put it into ts-class"
            )
        self._cut(attribute)
        text = self.source[slice(*other.value)] if other.value is not None else ""
        lead = "" if not text or text[-1].isspace() else "(' ')"
        added = f"{{{{ ({code})|{CLASS_FILTER}{lead} }}}}"
        if other.value is None or not other.quote:
            self.edits.append((other.start, other.end, f'class="{text}{added}"'))
        else:
            self._insert(other.value[1], added)

    def _keep_lines(self, attribute: Attribute) -> None:
        """The expression was written on one line; its line ends follow it."""
        self._insert(attribute.end, self._lines(attribute))

    def _bind(self, token: StartTag, attribute: Attribute) -> str:
        name = attribute.name.removeprefix("ts-bind").removeprefix(":")
        if not _ATTRIBUTE_NAME.fullmatch(name):
            raise self.code.fault(
                attribute.start, f"{attribute.name} names no attribute", 'write it behind a colon: ts-bind:title="…"'
            )
        if _NO_BIND.match(name):
            raise self.code.fault(
                attribute.start,
                f"{name} can't be bound: it would be code that comes from data",
                "write ts-on:click with the name of a handler" if name.startswith("on") else "write it as it is",
            )
        self._refuse_twice(token, attribute, name)
        place = f"{self.code.name}, line {self.code.source.count(chr(10), 0, attribute.start) + 1}"
        given = f"'{name}', place={place!r}" if name in URL_ATTRIBUTES else f"'{name}'"
        return f"{{{{ ({self.code.expression(attribute)})|{ATTRIBUTE_FILTER}({given}) }}}}"

    def _refuse_twice(self, token: StartTag, attribute: Attribute, name: str) -> None:
        if any(other.name == name for other in token.attributes):
            raise self.code.fault(
                attribute.start, f"{attribute.name} beside the attribute {name}: only one of them can count",
                f"remove {name}, or put it into the expression",
            )  # fmt: skip

    def _key(self, token: StartTag) -> None:
        key = next((own for own in token.attributes if own.name == "ts-key"), None)
        if key is not None and not key.has_jinja:
            self.edits.append((key.start, key.end, f'ts-key="{{{{ {self.code.expression(key)} }}}}"'))
            self._keep_lines(key)


_CUT: Final = (
    "is not opened and closed within the same Jinja statement",
    "open and close it in the same branch, or put the condition into the directive",
)
