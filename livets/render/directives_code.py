"""The expressions in directives: read from attributes, checked by Jinja2's own parser before they are moved.

It owns what an expression may be and what the message says when it is none: file, line, the line itself with a caret,
a hint. It never rewrites. `directives` asks it.
"""

from __future__ import annotations

import html
import re
from typing import Final

import jinja2
from jinja2 import nodes
from jinja2.parser import Parser

from livets.errors import TemplateError
from livets.render.directives_scan import Attribute

_LINES: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\s*[\r\n]\s*", re.DOTALL)


class Code:
    """The expressions of one source."""

    def __init__(self, source: str, environment: jinja2.Environment, name: str) -> None:
        self.source = source
        self.environment = environment
        self.name = name

    def expression(self, attribute: Attribute) -> str:
        """The expression of a directive, on one line. Raises TemplateError when it is none."""
        text = self._text(attribute)
        example = f'{attribute.name}="name"'
        try:
            parser = Parser(self.environment, text, self.name, state="variable")
            parser.parse_expression()
            if not parser.stream.eos:
                raise jinja2.TemplateSyntaxError("it goes on after the end of the expression", 1)
        except jinja2.TemplateSyntaxError as error:
            raise self._wrong(attribute, error, f"write one expression of Jinja2: {example}") from error
        return text

    def loop(self, attribute: Attribute) -> tuple[str, bool]:
        """(what stands between `for` and the end of the statement, True when it has a condition)."""
        text = self._text(attribute)
        hint = 'write ts-for="item in items" or ts-for="key, value in pairs.items()"'
        opening, closing = self.environment.block_start_string, self.environment.block_end_string
        try:
            body = (
                Parser(self.environment, f"{opening} for {text} {closing}{opening} endfor {closing}", self.name)
                .parse()
                .body
            )
        except jinja2.TemplateSyntaxError as error:
            raise self._wrong(attribute, error, hint) from error
        if len(body) != 1 or not isinstance(body[0], nodes.For) or body[0].body or body[0].else_:
            raise self.fault(_place(attribute), "ts-for takes one loop and nothing else", hint)
        if body[0].recursive:
            raise self.fault(_place(attribute), "ts-for can't be recursive", "write {% for … recursive %}")
        return text, body[0].test is not None

    def _text(self, attribute: Attribute) -> str:
        raw = "" if attribute.value is None else self.source[slice(*attribute.value)]
        if attribute.has_jinja:
            raise self.fault(
                _place(attribute),
                f"{attribute.name} takes the expression itself",
                f'write it without braces: {attribute.name}="name"',
            )
        text = _one_line(html.unescape(raw) if "&" in raw else raw).strip()
        if not text:
            raise self.fault(
                attribute.start, f"{attribute.name} has no expression", f'write one: {attribute.name}="name"'
            )
        return text

    def _wrong(self, attribute: Attribute, error: jinja2.TemplateSyntaxError, hint: str) -> TemplateError:
        text = self.source[slice(*attribute.value)] if attribute.value is not None else ""
        return self.fault(_place(attribute), f'{attribute.name}="{text}" can\'t be read: {error.message}', hint)

    def fault(self, position: int, message: str, hint: str) -> TemplateError:
        """An error at a place of the source."""
        start = self.source.rfind("\n", 0, position) + 1
        end = self.source.find("\n", position)
        shown = self.source[start : end if end >= 0 else len(self.source)].rstrip("\r")
        caret = "".join("\t" if char == "\t" else " " for char in self.source[start:position])
        line = self.source.count("\n", 0, position) + 1
        return TemplateError(f"{self.name}, line {line}: {message}\n    {shown}\n    {caret}^\nhint: {hint}")


def _place(attribute: Attribute) -> int:
    return attribute.start if attribute.value is None else attribute.value[0]


def _one_line(text: str) -> str:
    """Without line ends; those inside of strings are written as escapes."""
    if "\n" not in text and "\r" not in text:
        return text

    def replace(found: re.Match[str]) -> str:
        part = found.group()
        return part.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n") if part[0] in "'\"" else " "

    return _LINES.sub(replace, text)
