"""Templates that extend others: their blocks and definitions come into the parent, whose items they become.

It owns inheritance, and the choice among templates that an expression names. It never looks at HTML, and at statements
only to see whether they define something. The linker calls it, and links what is in the templates.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from jinja2 import nodes

from livets.render.alternatives import Alternatives
from livets.render.items import Branches, Item, defined, definitions
from livets.render.names import loads
from livets.render.place import Place
from livets.render.sources import Sources, TemplateMissing, write_name
from livets.render.unfit import Unfit, refuse
from livets.render.values import Site

MAX_DEPTH: Final = 12
"""Templates that extend or include each other, one inside the other."""

Link = Callable[[list[nodes.Node], Place], list[Item]]


class Inheritance:
    """Links whole templates; `link` turns statements into items, `told` is what rendering has told of names."""

    def __init__(self, sources: Sources, link: Link, told: Collection[Site]) -> None:
        self.sources = sources
        self.link = link
        self.told = told
        self.sites = count()
        """Numbers of the outputs and of the places where an expression names a template."""

    def template(self, tree: nodes.Template, place: Place) -> list[Item]:
        """The items of a template, with all that it extends. Raises Unfit."""
        write_name(tree, place.name)
        for block in tree.find_all(nodes.Block):
            place.blocks.setdefault(block.name, []).append(block)
        extends = [node for node in tree.body if isinstance(node, nodes.Extends)]
        if not extends:
            if next(tree.find_all(nodes.Extends), None) is not None:
                return [*place.before, *self._conditional(tree, place)]
            return [*place.before, *self.link(tree.body, place)]
        parent = extends[0]
        if len(extends) > 1:
            raise Unfit(parent.lineno, "extends more than once")
        at = tree.body.index(parent)
        early, late = self.link(tree.body[:at], place), self._definitions(tree.body[at:], place)
        return self._parent(parent, place, early, late)

    def _conditional(self, tree: nodes.Template, place: Place) -> list[Item]:
        """`{% if … %}{% extends … %}{% else %}…{% endif %}`: a branch extends, or goes on with the template itself."""
        refuse(tree.body)
        at = next(number for number, node in enumerate(tree.body) if next(node.find_all(nodes.Extends), None))
        first, choice, rest = tree.body[:at], tree.body[at], tree.body[at + 1 :]
        if not isinstance(choice, nodes.If):
            raise Unfit(choice.lineno, "extends inside another statement")
        written = [choice.body, *(branch.body for branch in choice.elif_), choice.else_]
        direct = [node for body in written for node in body if isinstance(node, nodes.Extends)]
        if len(direct) != len([*tree.find_all(nodes.Extends)]):
            raise Unfit(choice.lineno, "extends in several places")
        bodies = []
        for body in written:
            here = next((number for number, node in enumerate(body) if isinstance(node, nodes.Extends)), None)
            if here is None:
                bodies.append(self.link([*first, *body, *rest], place))
                continue
            blocks = {block: [*bodies] for block, bodies in place.blocks.items()}
            below = replace(place, blocks=blocks, before=())
            late = self._definitions([*body[here:], *rest], below)
            extends = body[here]
            assert isinstance(extends, nodes.Extends)
            bodies.append(self._parent(extends, below, self.link([*first, *body[:here]], place), late))
        tests: list[Any] = [choice.test, *(branch.test for branch in choice.elif_)]
        return [*definitions(self.link(first, place)), Branches(tests, bodies, choice.lineno)]

    def _definitions(self, body: list[nodes.Node], place: Place) -> list[Item]:
        """What of a template that extends another counts: what it defines. Raises Unfit."""
        found: list[Item] = []
        for node in body:
            if isinstance(node, nodes.Assign | nodes.AssignBlock | nodes.Macro | nodes.Import | nodes.FromImport):
                found += self.link([node], place)
            elif isinstance(node, nodes.If) and (kept := _sets_of(node)) is not None:
                found += self.link([kept], place)
            elif isinstance(node, nodes.If | nodes.For | nodes.With) and next(
                node.find_all((nodes.Assign, nodes.AssignBlock, nodes.Block)), None
            ):
                raise Unfit(node.lineno, "statements around the blocks of a template that extends another")
        return found

    def _parent(self, node: nodes.Extends, place: Place, early: list[Item], late: list[Item]) -> list[Item]:
        """The template that is extended, with the blocks and definitions of those that extend it.

        `early`: what the template writes and defines before the statement, which is shown before all of the parent;
        `late`: what it defines behind it.
        """
        if place.depth > MAX_DEPTH:
            raise Unfit(node.lineno, "templates that extend each other without end")
        place.depth += 1
        first: list[Item] = []
        before = [*place.before, *early, *late]
        if loads(node.template) & {*defined([*place.before, *early])}:
            first = definitions([*place.before, *early])
        below = replace(place, before=tuple(before))

        def link(name: str) -> list[Item]:
            blocks = {block: [*bodies] for block, bodies in place.blocks.items()}
            return self.template(self.sources.load(name, node.lineno), replace(below, blocks=blocks))

        if isinstance(node.template, nodes.Const):
            return link(str(node.template.value))
        return [*first, *self.chosen(node.template, node.lineno, link, place.whole)]

    def chosen(
        self, name: nodes.Expr, lineno: int, link: Callable[[str], list[Item]], rest: Sequence[Item]
    ) -> list[Item]:
        """What a template that an expression names writes; `rest` when it can't be told or taken apart."""
        if isinstance(name, nodes.CondExpr) and name.expr2 is not None:
            bodies = [self.chosen(part, lineno, link, rest) for part in (name.expr1, name.expr2)]
            return [Branches([name.test], bodies, lineno)]
        if isinstance(name, nodes.Const) and isinstance(name.value, str):
            return self._linked(name.value, link, rest)
        known = Alternatives.at(next(self.sites), self.told)
        bodies = []
        outer = self.sites
        for each in known.names:
            self.sites = count(known.first_site(each))
            bodies.append(self._linked(each, link, rest))
        self.sites = outer
        if known.has_rest:
            bodies.append([*rest])
        return [Branches(known.tests(name, lineno), bodies, lineno)]

    @staticmethod
    def _linked(name: str, link: Callable[[str], list[Item]], rest: Sequence[Item]) -> list[Item]:
        try:
            return link(name)
        except (Unfit, TemplateMissing):  # what Jinja2 renders, or complains about when it gets there
            return [*rest]


def _sets_of(node: nodes.If) -> nodes.If | None:
    """A condition at the top of a template that extends another, without its text; None when it does more."""
    bodies = [node.body, *(branch.body for branch in node.elif_), node.else_]
    kept: list[list[nodes.Node]] = []
    for body in bodies:
        inner = [_sets_of(part) if isinstance(part, nodes.If) else part for part in body]
        if not all(isinstance(part, nodes.Assign | nodes.If | nodes.Output) for part in inner):
            return None
        kept.append([part for part in inner if part is not None and not isinstance(part, nodes.Output)])
    elifs = [
        nodes.If(branch.test, body, [], [], lineno=branch.lineno)
        for branch, body in zip(node.elif_, kept[1:], strict=False)
    ]
    found = nodes.If(node.test, kept[0], elifs, kept[-1], lineno=node.lineno)
    found.set_environment(node.environment)  # type: ignore[arg-type]
    return found
