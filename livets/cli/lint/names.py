"""Names in a template that its view does not have: Jinja2 shows nothing for them, and nobody is told.

Owns what a view may have: fields, public attributes, whatever its methods assign or name. A name that the template
itself expects to be missing (`is defined`, `|default`) is let be. Called by `rules`, once for each view.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Sequence
from types import CodeType

from jinja2 import nodes

from livets.cli.lint.finding import Finding
from livets.cli.lint.source import Source
from livets.live import LiveView
from livets.live.scope import HTML_NAME, SURROUNDINGS
from livets.render import CompiledTemplate


def unknown_names(
    view: type[LiveView], sources: Sequence[Source], template: CompiledTemplate
) -> Iterator[tuple[Source, Finding]]:
    """Each of them once, where it is read first."""
    declared = view.__livets__
    known = {*declared.fields, *declared.computed, *SURROUNDINGS, "static", HTML_NAME, *_named(view)}
    for name in sorted(template.names - known):
        if any(name in source.environment.globals or _may_be_missing(source, name) for source in sources):
            continue
        place = next(((source, line) for source in sources for line in _reads(source, name)), None)
        if place is None:
            continue
        near = difflib.get_close_matches(name, {*declared.fields, *declared.computed} - {"title"}, 1, 0.6)
        hint = f"did you mean {near[0]!r}?" if near else f'declare it: `{name}: str = ""`; or write {name}|default("")'
        source, line = place
        message = f"{view.__qualname__} has no {name!r}: nothing is shown for it"
        yield source, Finding(source.file, line, "unknown-name", message, hint)


def _named(view: type[LiveView]) -> set[str]:
    """Attributes that the view's own code mentions: `self.total = ...` is shown as `{{ total }}`."""
    found: set[str] = set()
    for owner in view.__mro__:
        if owner.__module__.startswith("livets.live"):
            continue
        for value in vars(owner).values():
            function = inspect.unwrap(value) if callable(value) else getattr(value, "fget", None)
            if inspect.isfunction(function):
                found |= _attributes(function.__code__)
    return found


def _attributes(code: CodeType) -> set[str]:
    inner = (_attributes(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)


def _may_be_missing(source: Source, name: str) -> bool:
    if source.tree is None:
        return False
    tests = (node.node for node in source.tree.find_all(nodes.Test) if node.name in ("defined", "undefined"))
    defaults = (node.node for node in source.tree.find_all(nodes.Filter) if node.name in ("default", "d"))
    return any(isinstance(node, nodes.Name) and node.name == name for node in (*tests, *defaults))


def _reads(source: Source, name: str) -> Iterator[int]:
    if source.tree is not None:
        for node in source.tree.find_all(nodes.Name):
            if node.name == name and node.ctx == "load":
                yield node.lineno
