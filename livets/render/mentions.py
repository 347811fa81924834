"""What the HTML of an opaque region names: fields that controls are bound to, handlers of events.

It owns the search through statements that Jinja2 renders whole, and through the files that they load by a constant
name. It never renders. The ranges of HTML slots ask it; in all other places the builder sees the tags themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import jinja2
from jinja2 import nodes

from livets.render.bound import model_among
from livets.render.entities import parse_attributes

HANDLER: Final = re.compile(r"^\s*([A-Za-z_]\w*)\s*(?:\(|$)")
"""The name of the handler at the beginning of a `ts-on:…` attribute."""
_TAG: Final = re.compile(r"""<[A-Za-z][^\s/>]*((?:[^'">]++|"[^"]*"|'[^']*')*+)>""")
_DYNAMIC: Final = "\0"
"""Stands for what is not known before the region is rendered."""


@dataclass(slots=True)
class Mentions:
    """Names found, and the files that were looked through."""

    models: set[str] = field(default_factory=set)
    handlers: set[str] = field(default_factory=set)

    def look(self, source: str) -> None:
        """Take in HTML.

        >>> found = Mentions()
        >>> found.look('<input ts-model.lazy="name" ts-on:keydown.enter="add(1)">')
        >>> found
        Mentions(models={'name'}, handlers={'add'})
        """
        for tag in _TAG.finditer(source):
            attributes = dict(parse_attributes(tag[1]))
            model = model_among(attributes)
            if model is not None and _DYNAMIC not in model:
                self.models.add(model)
            handlers = (HANDLER.match(value) for name, value in attributes.items() if name.startswith("ts-on:"))
            self.handlers.update(handler[1] for handler in handlers if handler is not None)


def mentioned(environment: jinja2.Environment, body: Sequence[nodes.Node]) -> Mentions:
    """What the HTML that statements may write names."""
    found = Mentions()
    source = "".join(_Texts(environment).of_file(body, frozenset()))
    if "ts-" in source:
        found.look(source)
    return found


class _Texts:
    """The static text of statements, with that of the files that they load."""

    def __init__(self, environment: jinja2.Environment) -> None:
        self.environment = environment
        self.loaded: set[str] = set()

    def of_file(self, body: Sequence[nodes.Node], hidden: frozenset[str]) -> Iterator[str]:
        """The texts in order; `hidden`: blocks of which a template that extends this one shows its own instead."""
        blocks = [block for node in body for block in (node, *node.find_all(nodes.Block))]
        own = {block.name for block in blocks if isinstance(block, nodes.Block) and not _calls_super(block)}
        yield from self._of(body, hidden, hidden | own)

    def _of(self, body: Iterable[nodes.Node], hidden: frozenset[str], above: frozenset[str]) -> Iterator[str]:
        for node in body:
            match node:
                case nodes.TemplateData():
                    yield node.data
                case nodes.Expr():
                    yield _DYNAMIC
                case nodes.Extends():
                    yield from self._files(node.template, above)
                case nodes.Include() | nodes.Import() | nodes.FromImport():
                    yield from self._files(node.template, frozenset())
                case nodes.Block() if node.name in hidden:
                    pass
                case _:
                    yield from self._of(node.iter_child_nodes(), hidden, above)

    def _files(self, template: nodes.Expr, hidden: frozenset[str]) -> Iterator[str]:
        """The texts of the files that an expression names, as far as its constants tell."""
        for part in (template, *template.find_all(nodes.Const)):
            names = part.value if isinstance(part, nodes.Const) else None
            for name in names if isinstance(names, list | tuple) else [names]:
                if isinstance(name, str) and name not in self.loaded:
                    self.loaded.add(name)
                    yield from self._loaded(name, hidden)

    def _loaded(self, name: str, hidden: frozenset[str]) -> Iterator[str]:
        loader = self.environment.loader
        try:
            source = loader.get_source(self.environment, name)[0] if loader is not None else ""
            yield from self.of_file(self.environment._parse(source, name, None).body, hidden)
        except (jinja2.TemplateNotFound, jinja2.TemplateSyntaxError):
            return  # Jinja2 says so when it gets there


def _calls_super(block: nodes.Block) -> bool:
    return any(name.name == "super" for name in block.find_all(nodes.Name))
