"""Templates that only Jinja2 gets right as a whole, because of its scoping.

It owns the reasons. It never looks at HTML. The linker asks for every body of statements; when one is refused, the
template is rendered whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from jinja2 import nodes
from jinja2.idtracking import find_symbols

from livets.render.names import free
from livets.render.walk import every

_TRANSLATIONS = frozenset(["gettext", "ngettext", "pgettext", "npgettext"])
"""What `_` and `{% trans %}` look up by name."""


class Unfit(Exception):
    def __init__(self, lineno: int, reason: str) -> None:
        super().__init__(reason)
        self.lineno = lineno
        self.reason = reason


def refuse(body: list[nodes.Node]) -> None:
    """Raises Unfit when a body of statements, without what is inside of them, can't be taken apart."""
    _refuse_early_reads(body)
    _refuse_block_references(body)
    if not _TRANSLATIONS.isdisjoint(set_names(body)):
        raise Unfit(body[0].lineno, "a translation function is set in the template")


def set_names(body: list[nodes.Node]) -> frozenset[str]:
    """Names that the statements of a body set."""
    sets = [found for node in body for found in every(node) if isinstance(found, nodes.Assign | nodes.AssignBlock)]
    names = {name for found in sets for name in targets_of(found.target)}
    return frozenset(names | {found.name for node in body for found in every(node) if isinstance(found, nodes.Macro)})


def frame_names(body: list[nodes.Node]) -> frozenset[str]:
    """Names that a body of statements sets for itself, without those of the scopes inside of it."""
    names: set[str] = set()
    for node in body:
        match node:
            case nodes.Assign() | nodes.AssignBlock():
                names.update(targets_of(node.target))
            case nodes.Macro():
                names.add(node.name)
            case nodes.Import():
                names.add(node.target)
            case nodes.FromImport():
                names.update(name if isinstance(name, str) else name[1] for name in node.names)
            case nodes.If():
                for inner in (node.body, *(branch.body for branch in node.elif_), node.else_):
                    names |= frame_names(inner)
    return frozenset(names)


def _refuse_early_reads(body: list[nodes.Node]) -> None:
    """A name read by an inner scope and set only later is undefined there, in Jinja2; only Jinja2 does that right."""
    _refuse_all_late_sets(body)
    for lineno, name in _early_reads(body):
        raise Unfit(lineno, f"{name!r} is read in an inner scope before it is set")


def _early_reads(body: list[nodes.Node]) -> Iterator[tuple[int, str]]:
    """(line where it is set, name) for each of them."""
    for index, node in enumerate(body):
        if not isinstance(node, nodes.Assign | nodes.AssignBlock):
            continue
        before = [other for other in body[:index] if not isinstance(other, nodes.Block)]
        if not before:
            continue
        targets = targets_of(node.target)
        direct = find_symbols(before).refs
        inner = {name.name for other in before for name in every(other) if isinstance(name, nodes.Name)}
        late = [target for target in targets if target not in direct and target in inner]
        if late and node.environment is not None:
            outer = free(node.environment, before)
            late = [target for target in late if target in outer]
        yield from ((node.lineno, target) for target in late)


def _refuse_late_sets(before: list[nodes.Node], node: nodes.Node) -> None:
    """A macro reads its names when it is called: one that is set again after it would have to be followed."""
    macros = [other for other in before if isinstance(other, nodes.Macro)]
    if not macros or isinstance(node, nodes.For | nodes.Macro | nodes.With | nodes.Scope | nodes.Block):
        return
    sets = [found for found in every(node) if isinstance(found, nodes.Assign | nodes.AssignBlock)]
    targets = {name.name for found in sets for name in every(found.target) if isinstance(name, nodes.Name)}
    for macro in macros if targets else ():
        late = targets & (free(macro.environment, [macro]) if macro.environment is not None else set())
        if late:
            raise Unfit(node.lineno, f"{min(late)!r} is set again after the macro {macro.name}, which reads it")


def local_early_reads(macro: nodes.Macro, known: Collection[str]) -> dict[str, str] | None:
    """Names that a macro reads too early for livets and nobody else has to do with, and what to call them.

    None when there are none, or others have. `known`: names that the file mentions outside of its macros. Such a macro
    is right as long as Jinja2 calls it. Those that it may read from the context keep their names.
    """
    names: set[str] = set()
    for found in every(macro):
        for body in (getattr(found, "body", None), getattr(found, "else_", None)):
            if isinstance(body, list):
                _refuse_all_late_sets(body)
                names |= {name for _, name in _early_reads(body)}
    if not names or names & {*known, *(argument.name for argument in macro.args)}:
        return None
    outside = free(macro.environment, [macro]) if macro.environment is not None else set()
    return {name: name if name in outside else f"{name}__{macro.name}" for name in names}


def _refuse_all_late_sets(body: list[nodes.Node]) -> None:
    for index, node in enumerate(body):
        _refuse_late_sets(body[:index], node)


def refuse_inside(node: nodes.Node) -> None:
    """The same in every scope of a statement that Jinja2 renders whole."""
    for found in every(node):
        for body in (getattr(found, "body", None), getattr(found, "else_", None)):
            if isinstance(body, list):
                _refuse_early_reads(body)


def _refuse_block_references(body: list[nodes.Node]) -> None:
    """`self` and `super` in conditions, sets and macros need the blocks of the whole template."""
    for node in body:
        if isinstance(node, nodes.Output | nodes.Block):
            continue  # outputs are looked at one by one
        is_split = isinstance(node, nodes.If | nodes.For | nodes.With | nodes.Include)
        is_split = is_split and not getattr(node, "recursive", False)
        split: list[nodes.Node] = [node, *node.elif_] if isinstance(node, nodes.If) else [node]
        inside: list[nodes.Node] = [
            test for part in split for test in part.iter_child_nodes() if isinstance(test, nodes.Expr)
        ]
        inside = inside if is_split else [node]
        for name in (found for part in inside for found in every(part)):
            if isinstance(name, nodes.Name) and name.name in ("self", "super"):
                raise Unfit(name.lineno or node.lineno, "self or super inside a statement")


def targets_of(target: nodes.Expr) -> tuple[str, ...]:
    return tuple(name.name for name in [target, *target.find_all(nodes.Name)] if isinstance(name, nodes.Name))
