"""From Jinja2's tree to items: inheritance, blocks and includes are resolved here.

It owns which statements survive as items; what it can't resolve stays a Jinja2 node in an Opaque item, or
makes the whole template unfit (rendered whole). It never looks at HTML. The compiler calls it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import find_undeclared
from markupsafe import escape

from livets.errors import TemplateError
from livets.render.hiding import copied, entered, opened, seen
from livets.render.imports import Imports
from livets.render.inheritance import MAX_DEPTH, Inheritance
from livets.render.inlining import Bodies, CallBlock, renamed
from livets.render.items import Branches, Define, Item, Loop, Opaque, Program, Scoped, Static, Value
from livets.render.lines import file_of
from livets.render.names import asks_context
from livets.render.place import Place
from livets.render.sources import Sources
from livets.render.unfit import Unfit, frame_names, local_early_reads, refuse, refuse_inside, targets_of
from livets.render.unrolling import is_deepest, unrolled
from livets.render.values import Site
from livets.render.walk import every

_SETS = (nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.Import, nodes.FromImport, nodes.With)


class Linker:
    """Turns the source of one template into a Program."""

    def __init__(self, environment: jinja2.Environment, name: str, told: Collection[Site] = ()) -> None:
        self.environment = environment
        self.name = name
        self._sources = Sources(environment, name)
        self._inheritance = Inheritance(self._sources, self._items, told)
        self._imports = Imports(self._sources, self._library_items)
        self._bodies = Bodies(environment, self._body_items)
        self._inner_set: int | None = None
        self._asks = False

    def link(self, source: str) -> Program:
        """The items of a template. Raises TemplateError when it can't be parsed."""
        tree = self._sources.parse(source, self.name)
        try:
            raw = self.environment._parse(source, self.name, None).body
            whole = Opaque(
                [], raw, 1, "the whole template, until its first rendering tells what it extends", whole=True
            )
            items = self._inheritance.template(tree, Place(name=self.name, whole=(whole,), frame=True))
            if self._asks and self._inner_set is not None:
                raise Unfit(self._inner_set, "a function that reads the context may see a name that is set here")
            return Program(items, self._sources.current, self._sources.changers)
        except Unfit as unfit:
            return Program([], self._sources.current, unfit=(unfit.lineno, unfit.reason))

    def _items(self, body: list[nodes.Node], place: Place) -> list[Item]:
        refuse(body)
        self._asks = self._asks or any(asks_context(self.environment, node) for node in body)
        sets = next((node for node in body if isinstance(node, _SETS)), None)
        if sets is not None and (place.inner or isinstance(sets, nodes.With)):
            self._inner_set = sets.lineno
        return [item for node in body for item in self._item(node, place)]

    def _item(self, node: nodes.Node, place: Place) -> list[Item]:
        match node:
            case nodes.Output():
                return [item for child in node.nodes for item in self._output(child, place)]
            case nodes.If():
                return [self._branches(node, place)]
            case nodes.For():
                return self._loop(node, place)
            case nodes.Block():
                return [self._block(node, place)]
            case nodes.Include():
                return [self._include(node, place)]
            case nodes.With():
                return [self._with(node, place)]
            case nodes.Assign():
                if next(node.find_all(nodes.NSRef), None) is not None:
                    return [_opaque(node, "an attribute of a namespace is set")]
                return [Define(node, targets_of(node.target), node.lineno)]
            case nodes.AssignBlock():
                refuse_inside(node)
                return [Define(node, targets_of(node.target), node.lineno, self._bodies.of(node))]
            case nodes.Macro():
                return [self._macro(node, place)]
            case nodes.CallBlock() if next(node.find_all(nodes.Block), None) is None:
                refuse_inside(node)
                body = self._bodies.of(node)
                opaque = _opaque(node, "a call block whose macro can't be written out here")
                opaque.call = CallBlock(node, body) if body is not None else None
                return [opaque]
            case nodes.Import() | nodes.FromImport():
                return self._imports.items(node)
        if next(node.find_all(nodes.Block), None) is not None:
            raise Unfit(node.lineno, "a block inside another statement")
        refuse_inside(node)
        return [_opaque(node, f"{_written(node)} is rendered by Jinja2 as a whole")]

    def _macro(self, node: nodes.Macro, place: Place) -> Item:
        """A macro; one that reads names of its own too early stays a call, with names that nobody else has."""
        early = local_early_reads(node, self._sources.known) if place.frame else None
        if early is None:
            refuse_inside(node)
            body = self._bodies.of(node, self._sources.recursive)
            frame = file_of(node.lineno, self.name) if place.frame else None
            return Define(node, (node.name,), node.lineno, body, frame=frame)
        return Define(renamed(node, early), (node.name,), node.lineno)

    def _library_items(self, body: list[nodes.Node]) -> list[Item] | None:
        """The items of an imported file; None when only Jinja2 can run it."""
        return self._body_items(body, is_frame=True)

    def _body_items(self, body: list[nodes.Node], *, is_frame: bool = False) -> list[Item] | None:
        """The items of a macro's body; None when only Jinja2 can run it."""
        inner_set = self._inner_set
        try:
            return self._items(body, Place(inner=True, frame=is_frame))
        except Unfit:
            return None
        finally:
            self._inner_set = inner_set

    def _output(self, child: nodes.Expr, place: Place) -> list[Item]:
        if isinstance(child, nodes.TemplateData):
            return [Static(child.data, child.lineno)]
        try:
            value = child.as_const(nodes.EvalContext(self.environment, self.name))
            return [Static(str(escape(value)), child.lineno)]
        except Exception:  # noqa: S110 - not constant, or fails: then it fails when it is rendered, as in Jinja2
            pass
        if _is_call_of(child, "super") and place.block is not None:
            name, depth = place.block
            bodies = place.blocks[name]
            if depth + 1 < len(bodies):
                return [self._block_body(name, depth + 1, place, child.lineno)]
        callee = child.node if isinstance(child, nodes.Call) and not child.args and not child.kwargs else None
        if isinstance(callee, nodes.Getattr) and isinstance(callee.node, nodes.Name) and callee.node.name == "self":
            read = {name.name for body in place.blocks.get(callee.attr, []) for name in body.find_all(nodes.Name)}
            if callee.attr in place.blocks and not place.looping and not read & place.locals:
                return [self._block_body(callee.attr, 0, place, child.lineno)]
        if find_undeclared([nodes.Output([child])], ("self", "super")):
            raise Unfit(child.lineno, "self or super inside an expression")
        return [Value(child, child.lineno, next(self._inheritance.sites))]

    def _branches(self, node: nodes.If, place: Place) -> Item:
        tests: list[Any] = [node.test, *(branch.test for branch in node.elif_)]
        bodies = [self._items(body, place) for body in (node.body, *(branch.body for branch in node.elif_))]
        if node.else_:
            bodies.append(self._items(node.else_, place))
        return Branches(tests, bodies, node.lineno)

    def _loop(self, node: nodes.For, place: Place) -> list[Item]:
        if node.recursive:
            nested = unrolled(node)
            if nested is not None:
                return self._loop(nested, place)
            if is_deepest(node):
                return [self._whole(node, "a recursive loop, below the levels that are written out")]
            return [self._whole(node, "a recursive loop is rendered as a whole")]
        if next(node.find_all((nodes.Continue, nodes.Break)), None) is not None:
            return [self._whole(node, "a loop with break or continue is rendered as a whole")]
        uses_loop = "loop" in find_undeclared(node.iter_child_nodes(only=("body",)), ("loop",))
        target: Any = node.target
        around = replace(place, looping=True, loop_hidden=not uses_loop, inner=True, frame=False)
        inner = entered(around, {*targets_of(target), *frame_names(node.body), "loop"})
        body = self._items(node.body, inner)
        source: Any = node.iter
        test: Any = node.test
        loop = Loop(target, source, test, body, self._items(node.else_, place), node.lineno)
        return [*copied(place, inner, node.lineno), loop]

    def _whole(self, node: nodes.For, reason: str) -> Item:
        if next(node.find_all(nodes.Block), None) is not None:
            raise Unfit(node.lineno, f"a block inside it: {reason}")
        refuse_inside(node)
        return _opaque(node, reason)

    def _block(self, node: nodes.Block, place: Place) -> Item:
        if node.required and len(place.blocks[node.name]) <= 1:
            raise TemplateError(
                f"{file_of(node.lineno, self.name)}, line {node.lineno}: the required block {node.name!r} is not given"
            )
        return self._block_body(node.name, 0, opened(place) if node.scoped else place, node.lineno)

    def _block_body(self, name: str, depth: int, place: Place, lineno: int) -> Item:
        body = seen(self._sources, place.blocks[name][depth].body, place)
        around = replace(place, block=(name, depth), inner=True, frame=False)
        inner = entered(around, frame_names(body))
        items = self._items(body, inner)
        return Scoped([*copied(place, inner, lineno), *items], lineno)

    def _include(self, node: nodes.Include, place: Place) -> Item:
        names = _constant_names(node.template)
        if not node.with_context or place.depth > MAX_DEPTH:
            return _opaque(node, "an include without context" if not node.with_context else "includes too deep")
        if not names:
            return self._chosen_include(node, place)
        name, tree = self._sources.first_of(names, node)
        if tree is None:
            return Scoped([], node.lineno)
        if place.loop_hidden and "loop" in find_undeclared(tree.body, ("loop",)):
            return _opaque(node, "an included template that reads a loop which its includer does not")
        whole = (_opaque(node, "an included template that extends one which nobody knows yet"),)
        inner = Place(
            {}, None, place.looping, place.loop_hidden, place.depth + 1, True, name=name, whole=whole, frame=True
        )
        return Scoped(self._inheritance.template(tree, inner), node.lineno)

    def _chosen_include(self, node: nodes.Include, place: Place) -> Item:
        rest = _opaque(node, "an include whose template is chosen while rendering")
        if isinstance(node.template, nodes.List | nodes.Tuple | nodes.Const):
            return rest

        def link(name: str) -> list[Item]:
            constant = nodes.Include(nodes.Const(name), True, node.ignore_missing, lineno=node.lineno)
            return [self._include(constant, place)]

        return Scoped(self._inheritance.chosen(node.template, node.lineno, link, [rest]), node.lineno)

    def _with(self, node: nodes.With, place: Place) -> Item:
        targets = [renamed(target, {}) for target in node.targets]
        for target in targets:
            target.set_ctx("store")
        names = tuple(name for target in targets for name in targets_of(target))
        inner = entered(replace(place, frame=False), {*names, *frame_names(node.body)})
        body = self._items(node.body, inner)
        if targets:
            given = nodes.Tuple(node.values, "load")
            assign = nodes.Assign(nodes.Tuple(targets, "store"), given, lineno=node.lineno)
            body = [Define(assign, names, node.lineno), *body]
        return Scoped([*copied(place, inner, node.lineno), *body], node.lineno)


def _constant_names(node: nodes.Expr) -> list[str]:
    """The names that an include gives, in order; [] when they are not constant."""
    parts = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    names = [part.value if isinstance(part, nodes.Const) else None for part in parts]
    if len(names) == 1 and isinstance(names[0], list | tuple):  # folded by the parser
        names = list(names[0])
    return [str(name) for name in names] if all(isinstance(name, str) for name in names) else []


def _written(node: nodes.Node) -> str:
    """A statement as people write it."""
    if isinstance(node, nodes.Scope) and next(node.find_all(nodes.EvalContextModifier), None) is not None:
        return "{% autoescape %}"
    written: dict[type[nodes.Node], str] = {nodes.FilterBlock: "{% filter %}", nodes.ExprStmt: "{% do %}"}
    return written.get(type(node), type(node).__name__)


def _opaque(node: nodes.Node, reason: str) -> Opaque:
    inner = (found.lineno for found in every(node)[1:] if found.lineno)
    return Opaque([], [node], node.lineno or next(inner, 1), reason)


def _is_call_of(node: nodes.Expr, name: str) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == name
