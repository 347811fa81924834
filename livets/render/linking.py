"""From Jinja2's tree to items: inheritance, blocks and includes are resolved here.

It owns which statements survive as items; what it can't resolve stays a Jinja2 node in an Opaque item, or
makes the whole template unfit (rendered whole). It never looks at HTML. The compiler calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import find_undeclared
from markupsafe import escape

from livets.errors import TemplateError
from livets.render.alternatives import Alternatives
from livets.render.inlining import Aliases, Bodies, CallBlock, renamed
from livets.render.items import Branches, Define, Item, Loop, Opaque, Program, Scoped, Static, Value, defined
from livets.render.libraries import Library, imported_names
from livets.render.lines import file_of, number_lines
from livets.render.names import asks_context, loads
from livets.render.unfit import Unfit, refuse, refuse_inside, set_names, targets_of
from livets.render.values import Site

_MAX_INCLUDES = 12

_SETS = (nodes.Assign, nodes.AssignBlock, nodes.Macro, nodes.Import, nodes.FromImport, nodes.With)


class TemplateMissing(TemplateError):
    """A file that is not there."""


@dataclass(slots=True)
class _Place:
    """Where the linker stands: blocks by name (most derived first), the block at hand, the loops around."""

    blocks: dict[str, list[nodes.Block]] = field(default_factory=dict)
    block: tuple[str, int] | None = None
    looping: bool = False
    loop_hidden: bool = False
    depth: int = 0
    inner: bool = False
    """True where a set name is not a name of the whole template: in a loop, a block, an include."""
    locals: frozenset[str] = frozenset()
    """Names that a block which is not scoped does not see: set by the block or the `with` around it."""
    name: str = ""
    """What the template is called that is rendered or included; those that it extends are a part of it."""
    before: tuple[Item, ...] = ()
    """What the templates that extend this one define; it comes first."""
    whole: tuple[Item, ...] = ()
    """The template that extends this one, directly or not, as Jinja2 renders it: for parents that nobody knows."""


class Linker:
    """Turns the source of one template into a Program."""

    def __init__(self, environment: jinja2.Environment, name: str, told: Collection[Site] = ()) -> None:
        self.environment = environment
        self.name = name
        self.told = told
        self.templates: dict[str, Callable[[], bool]] = {}
        self._sites = count()
        self._libraries = count(1)
        self._bodies = Bodies(environment, self._body_items)
        self._inner_set: int | None = None
        self._asks = False

    def link(self, source: str) -> Program:
        """The items of a template. Raises TemplateError when it can't be parsed."""
        tree = self._parse(source, self.name)
        try:
            raw = self.environment._parse(source, self.name, None).body
            whole = Opaque(
                [], raw, 1, "the whole template, until its first rendering tells what it extends", whole=True
            )
            items = self._template(tree, _Place(name=self.name, whole=(whole,)))
            if self._asks and self._inner_set is not None:
                raise Unfit(self._inner_set, "a function that reads the context may see a name that is set here")
            return Program(items, self.templates)
        except Unfit as unfit:
            return Program([], self.templates, (unfit.lineno, unfit.reason))

    def _parse(self, source: str, name: str) -> nodes.Template:
        try:
            tree = self.environment._parse(source, name, None)
        except jinja2.TemplateSyntaxError as error:
            raise TemplateError(f"{name}, line {error.lineno}: {error.message}") from error
        number_lines(tree, name)
        return tree

    def _load(self, name: str, lineno: int) -> nodes.Template:
        loader = self.environment.loader
        if loader is None:
            raise TemplateMissing(
                f"{file_of(lineno, self.name)}, line {lineno}: there is no template directory to load {name!r} from; "
                f"give LiveTS(templates=...) the directory"
            )
        try:
            source, _, current = loader.get_source(self.environment, name)
        except jinja2.TemplateNotFound as error:
            raise TemplateMissing(
                f"{file_of(lineno, self.name)}, line {lineno}: the template {error.name!r} was not found; "
                f"check the name and the template directories"
            ) from error
        self.templates[name] = current or _always
        return self._parse(source, name)

    def _template(self, tree: nodes.Template, place: _Place) -> list[Item]:
        _write_name(tree, place.name)
        for block in tree.find_all(nodes.Block):
            place.blocks.setdefault(block.name, []).append(block)
        extends = [node for node in tree.body if isinstance(node, nodes.Extends)]
        if not extends:
            if next(tree.find_all(nodes.Extends), None) is not None:
                raise Unfit(1, "extends inside another statement")
            return [*place.before, *self._items(tree.body, place)]
        parent = extends[0]
        if len(extends) > 1 or place.depth > _MAX_INCLUDES:
            raise Unfit(parent.lineno, "extends more than once")
        place.depth += 1
        before: list[Item] = [*place.before]
        for node in tree.body:
            if isinstance(node, nodes.Assign | nodes.AssignBlock | nodes.Macro | nodes.Import | nodes.FromImport):
                before += self._items([node], place)
            elif isinstance(node, nodes.If) and (kept := _sets_of(node)) is not None:
                before += self._items([kept], place)
            elif isinstance(node, nodes.If | nodes.For | nodes.With) and next(
                node.find_all((nodes.Assign, nodes.AssignBlock, nodes.Block)), None
            ):
                raise Unfit(node.lineno, "statements around the blocks of a template that extends another")
        return self._parent(parent, replace(place, before=tuple(before)))

    def _parent(self, node: nodes.Extends, place: _Place) -> list[Item]:
        """The template that is extended, with the blocks and definitions of those that extend it."""
        read = loads(node.template) & {*defined(place.before)}
        if read:
            raise Unfit(node.lineno, f"what it extends depends on {min(read)!r}, which is set in the template")

        def link(name: str) -> list[Item]:
            blocks = {block: [*bodies] for block, bodies in place.blocks.items()}
            return self._template(self._load(name, node.lineno), replace(place, blocks=blocks))

        if isinstance(node.template, nodes.Const):
            return link(str(node.template.value))
        return self._chosen(node.template, node.lineno, link, place.whole)

    def _chosen(
        self, name: nodes.Expr, lineno: int, link: Callable[[str], list[Item]], rest: Sequence[Item]
    ) -> list[Item]:
        """What a template that an expression names writes; `rest` when it can't be told or taken apart."""
        if isinstance(name, nodes.CondExpr) and name.expr2 is not None:
            bodies = [self._chosen(part, lineno, link, rest) for part in (name.expr1, name.expr2)]
            return [Branches([name.test], bodies, lineno)]
        if isinstance(name, nodes.Const) and isinstance(name.value, str):
            return self._linked(name.value, link, rest)
        known = Alternatives.at(next(self._sites), self.told)
        bodies = []
        outer = self._sites
        for each in known.names:
            self._sites = count(known.first_site(each))
            bodies.append(self._linked(each, link, rest))
        self._sites = outer
        if known.has_rest:
            bodies.append([*rest])
        return [Branches(known.tests(name, lineno), bodies, lineno)]

    @staticmethod
    def _linked(name: str, link: Callable[[str], list[Item]], rest: Sequence[Item]) -> list[Item]:
        try:
            return link(name)
        except (Unfit, TemplateMissing):  # what Jinja2 renders, or complains about when it gets there
            return [*rest]

    def _items(self, body: list[nodes.Node], place: _Place) -> list[Item]:
        refuse(body)
        self._asks = self._asks or any(asks_context(self.environment, node) for node in body)
        sets = next((node for node in body if isinstance(node, _SETS)), None)
        if sets is not None and (place.inner or isinstance(sets, nodes.With)):
            self._inner_set = sets.lineno
        return [item for node in body for item in self._item(node, place)]

    def _item(self, node: nodes.Node, place: _Place) -> list[Item]:
        match node:
            case nodes.Output():
                return [item for child in node.nodes for item in self._output(child, place)]
            case nodes.If():
                return [self._branches(node, place)]
            case nodes.For():
                return [self._loop(node, place)]
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
                refuse_inside(node)
                return [Define(node, (node.name,), node.lineno, self._bodies.of(node))]
            case nodes.CallBlock() if next(node.find_all(nodes.Block), None) is None:
                refuse_inside(node)
                body = self._bodies.of(node)
                opaque = _opaque(node, "a call block whose macro can't be written out here")
                opaque.call = CallBlock(node, body) if body is not None else None
                return [opaque]
            case nodes.Import():
                items, inner, written = self._library(node)
                aliases = Aliases(modules={node.target: inner}, written=written)
                return [*items, Define(node, (node.target,), node.lineno, aliases=aliases)]
            case nodes.FromImport():
                items, inner, written = self._library(node)
                pairs = imported_names(node)
                aliases = Aliases(
                    {alias: inner[name] for name, alias in pairs if name in inner},
                    written={alias: written[name] for name, alias in pairs if name in written},
                )
                return [*items, Define(node, tuple(alias for _, alias in pairs), node.lineno, aliases=aliases)]
        if next(node.find_all(nodes.Block), None) is not None:
            raise Unfit(node.lineno, "a block inside another statement")
        refuse_inside(node)
        return [_opaque(node, f"{type(node).__name__} is rendered by Jinja2 as a whole")]

    def _body_items(self, body: list[nodes.Node]) -> list[Item] | None:
        """The items of a macro's body; None when only Jinja2 can run it."""
        inner_set = self._inner_set
        try:
            return self._items(body, _Place(inner=True))
        except Unfit:
            return None
        finally:
            self._inner_set = inner_set

    def _library(self, node: nodes.Import | nodes.FromImport) -> tuple[list[Item], dict[str, str], dict[str, str]]:
        """(what an imported file defines, its names and what they are called here, what its macros write for sure).

        Without items and names the file has to be run.
        """
        library = self._loaded(node, bool(node.with_context), 0)
        if library is None:
            return [], {}, {}
        statements = library.statements()
        items = self._body_items(statements) if statements is not None else None
        return ([], {}, library.written()) if items is None else (items, library.exports, library.written())

    def _loaded(self, node: nodes.Import | nodes.FromImport, context: bool, depth: int) -> Library | None:
        """The library that is imported, with those that it imports itself; None when Jinja2 has to find it."""
        if not isinstance(node.template, nodes.Const) or not isinstance(node.template.value, str):
            return None
        if depth > _MAX_INCLUDES:
            return None
        try:
            tree = self._load(node.template.value, node.lineno)
        except TemplateError:
            return None  # Jinja2 says so when it gets there
        inner = {
            id(found): None if found.with_context else self._loaded(found, False, depth + 1)
            for found in tree.body
            if isinstance(found, nodes.FromImport)
        }
        return Library(self.environment, tree, next(self._libraries), inner, context=context)

    def _output(self, child: nodes.Expr, place: _Place) -> list[Item]:
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
        return [Value(child, child.lineno, next(self._sites))]

    def _branches(self, node: nodes.If, place: _Place) -> Item:
        tests: list[Any] = [node.test, *(branch.test for branch in node.elif_)]
        bodies = [self._items(body, place) for body in (node.body, *(branch.body for branch in node.elif_))]
        if node.else_:
            bodies.append(self._items(node.else_, place))
        return Branches(tests, bodies, node.lineno)

    def _loop(self, node: nodes.For, place: _Place) -> Item:
        if node.recursive:
            return self._whole(node, "a recursive loop is rendered as a whole")
        if next(node.find_all((nodes.Continue, nodes.Break)), None) is not None:
            return self._whole(node, "a loop with break or continue is rendered as a whole")
        uses_loop = "loop" in find_undeclared(node.iter_child_nodes(only=("body",)), ("loop",))
        inner = _Place(place.blocks, place.block, True, not uses_loop, place.depth, True, place.locals)
        body = self._items(node.body, inner)
        target: Any = node.target
        source: Any = node.iter
        test: Any = node.test
        return Loop(target, source, test, body, self._items(node.else_, place), node.lineno)

    def _whole(self, node: nodes.For, reason: str) -> Item:
        if next(node.find_all(nodes.Block), None) is not None:
            raise Unfit(node.lineno, f"a block inside it: {reason}")
        refuse_inside(node)
        return _opaque(node, reason)

    def _block(self, node: nodes.Block, place: _Place) -> Item:
        if place.looping and not node.scoped:
            raise Unfit(node.lineno, "a block inside a loop that is not scoped")
        if node.required and len(place.blocks[node.name]) <= 1:
            raise TemplateError(
                f"{file_of(node.lineno, self.name)}, line {node.lineno}: the required block {node.name!r} is not given"
            )
        if not node.scoped:
            read = {name.name for body in place.blocks[node.name] for name in body.find_all(nodes.Name)}
            hidden = read & place.locals
            if hidden:
                raise Unfit(node.lineno, f"a block that is not scoped reads {min(hidden)!r}, which is set around it")
        return self._block_body(node.name, 0, place, node.lineno)

    def _block_body(self, name: str, depth: int, place: _Place, lineno: int) -> Item:
        body = place.blocks[name][depth].body
        hidden = place.locals | set_names(body)
        inner = _Place(place.blocks, (name, depth), place.looping, place.loop_hidden, place.depth, True, hidden)
        return Scoped(self._items(body, inner), lineno)

    def _include(self, node: nodes.Include, place: _Place) -> Item:
        names = _constant_names(node.template)
        if not node.with_context or place.depth > _MAX_INCLUDES:
            return _opaque(node, "an include without context" if not node.with_context else "includes too deep")
        if not names:
            return self._chosen_include(node, place)
        name, tree = self._first_of(names, node)
        if tree is None:
            return Scoped([], node.lineno)
        if place.loop_hidden and "loop" in find_undeclared(tree.body, ("loop",)):
            return _opaque(node, "an included template that reads a loop which its includer does not")
        whole = (_opaque(node, "an included template that extends one which nobody knows yet"),)
        inner = _Place({}, None, place.looping, place.loop_hidden, place.depth + 1, True, name=name, whole=whole)
        return Scoped(self._template(tree, inner), node.lineno)

    def _chosen_include(self, node: nodes.Include, place: _Place) -> Item:
        rest = _opaque(node, "an include whose template is chosen while rendering")
        if isinstance(node.template, nodes.List | nodes.Tuple | nodes.Const):
            return rest

        def link(name: str) -> list[Item]:
            constant = nodes.Include(nodes.Const(name), True, node.ignore_missing, lineno=node.lineno)
            return [self._include(constant, place)]

        return Scoped(self._chosen(node.template, node.lineno, link, [rest]), node.lineno)

    def _first_of(self, names: list[str], node: nodes.Include) -> tuple[str, nodes.Template | None]:
        """The first of several files that is there; no tree when there is none and none has to be."""
        for number, name in enumerate(names):
            try:
                return name, self._load(name, node.lineno)
            except TemplateMissing:
                if number + 1 == len(names) and not node.ignore_missing:
                    raise
        return "", None

    def _with(self, node: nodes.With, place: _Place) -> Item:
        targets = [renamed(target, {}) for target in node.targets]
        for target in targets:
            target.set_ctx("store")
        names = tuple(name for target in targets for name in targets_of(target))
        body = self._items(node.body, replace(place, locals=place.locals | {*names} | set_names(node.body)))
        if not targets:
            return Scoped(body, node.lineno)
        assign = nodes.Assign(nodes.Tuple(targets, "store"), nodes.Tuple(node.values, "load"), lineno=node.lineno)
        return Scoped([Define(assign, names, node.lineno), *body], node.lineno)


_OWN_CONTEXT = nodes.Getattr(nodes.Name("self", "load"), "_TemplateReference__context", "load")
_OWN_NAME = nodes.Getattr(_OWN_CONTEXT, "name", "load")


def _write_name(tree: nodes.Template, name: str) -> None:
    """The template's name where it asks for its own, in the only way that Jinja2 has: private, and widely used."""
    for node in [tree, *tree.find_all(nodes.Node)]:
        for field_name, value in [*node.iter_fields()]:
            if value == _OWN_NAME:
                setattr(node, field_name, nodes.Const(name, lineno=value.lineno))
            elif isinstance(value, list):
                value[:] = [nodes.Const(name, lineno=part.lineno) if part == _OWN_NAME else part for part in value]


def _constant_names(node: nodes.Expr) -> list[str]:
    """The names that an include gives, in order; [] when they are not constant."""
    parts = node.items if isinstance(node, nodes.List | nodes.Tuple) else [node]
    names = [part.value if isinstance(part, nodes.Const) else None for part in parts]
    if len(names) == 1 and isinstance(names[0], list | tuple):  # folded by the parser
        names = list(names[0])
    return [str(name) for name in names] if all(isinstance(name, str) for name in names) else []


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


def _always() -> bool:
    return True


def _opaque(node: nodes.Node, reason: str) -> Opaque:
    inner = (found.lineno for found in node.find_all(nodes.Node) if found.lineno)
    return Opaque([], [node], node.lineno or next(inner, 1), reason)


def _is_call_of(node: nodes.Expr, name: str) -> bool:
    return isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == name
