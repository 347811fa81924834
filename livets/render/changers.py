"""Macros that change what they are given (`xs.append(x)` with an argument), and files that change what they have made.

It owns the question what a statement changes, through calls of such macros. Macros are known by name, whatever file
they are in: too many is safe, one too few would be a wrong page. It never looks at HTML. `Sources` tells it every tree
that is read; `changing` asks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from jinja2 import nodes

from livets.render.walk import every

MUTATORS: Final = frozenset(
    ["add", "append", "clear", "discard", "extend", "insert", "pop", "popitem", "remove", "reverse", "setdefault"]
) | {"sort", "update"}

_INNER: Final = re.compile(r"__i?\d+$")
"""What names of macros that are written out have behind them."""
_COLLECTED: Final = frozenset({"varargs", "kwargs"})
"""What a macro makes itself of what it is given."""
_STATEFUL: Final = frozenset({"cycler", "joiner"})
"""Functions of Jinja2 that make objects which change when they are called."""
Steps = list[tuple[set[str], set[str]]]
"""Names, and the names that what they are given is made of."""


@dataclass(slots=True)
class Changers:
    """Which macros change which of their arguments."""

    macros: dict[str, frozenset[str | int]] = field(default_factory=dict)
    """By name: the parameters, each by its position and its name."""
    files: set[str] = field(default_factory=set)
    """Files whose macros change what the file has made: two calls after one import see each other."""
    _known: dict[str, tuple[str, nodes.Macro]] = field(default_factory=dict)
    _modules: set[str] = field(default_factory=set)
    _others: set[str] = field(default_factory=set)
    """Names that are set by something else than an import."""
    _aliases: dict[str, set[str]] = field(default_factory=dict)

    def learn(self, tree: nodes.Template, name: str) -> None:
        """Take in the macros of a file, and what it calls those of others."""
        found = every(tree)
        macros = [node for node in found if isinstance(node, nodes.Macro)]
        for number, macro in enumerate(macros):
            self._known[f"{name}:{macro.lineno}:{number}"] = (name, macro)
        for node in found:
            if isinstance(node, nodes.Import):
                self._modules.add(node.target)
            elif isinstance(node, nodes.Name) and node.ctx != "load":
                self._others.add(node.name)
            elif isinstance(node, nodes.FromImport):
                for pair in node.names:
                    if isinstance(pair, tuple):
                        self._aliases.setdefault(pair[0], set()).add(pair[1])
            elif isinstance(node, nodes.Assign) and isinstance(node.target, nodes.Name):
                for original in _named(node.node):
                    self._aliases.setdefault(original, set()).add(node.target.name)
        if macros or self.macros:
            self._settle()

    def _settle(self) -> None:
        """Go on until nothing is new: macros that call such macros are such macros."""
        size = -1
        while size != (size := sum(map(len, self.macros.values()))):
            for name, macro in self._known.values():
                self._look(name, macro)
            for original, others in self._aliases.items():
                for other in others if original in self.macros else ():
                    self.macros[other] = self.macros[original] | self.macros.get(other, frozenset())

    def _look(self, name: str, macro: nodes.Macro) -> None:
        changed = {root for root, _ in self.changes(macro.body)}
        if not changed:
            return
        assigned = [node.target for node in macro.body if isinstance(node, nodes.Assign)]
        own = {each.name for target in assigned for each in every(target) if isinstance(each, nodes.Name)}
        changed = reached(changed, [*given(macro.body)]) - own  # xs = xs|list is another one
        named = [argument.name for argument in macro.args]
        set_inside = {each.name for each in every(macro) if isinstance(each, nodes.Name) and each.ctx != "load"}
        if changed - {*named} - set_inside - _COLLECTED:
            self.files.add(name)
        hit = {each for at, argument in enumerate(named) if argument in changed for each in (at, argument)}
        if hit:
            self.macros[macro.name] = self.macros.get(macro.name, frozenset()) | hit

    def changes(self, statements: Iterable[nodes.Node]) -> Iterator[tuple[str, str]]:
        """(name, what is done to it) for every object that is changed."""
        for statement in statements:
            hidden: set[str] = set()
            if isinstance(statement, nodes.Macro):
                hidden = {argument.name for argument in statement.args} | _COLLECTED
            for node in every(statement):
                yield from (change for change in self._changed(node) if change[0] not in hidden)

    def _changed(self, node: nodes.Node) -> Iterator[tuple[str, str]]:
        match node:
            case nodes.NSRef():
                yield node.name, "a namespace, whose attributes are set"
            case nodes.Call(node=nodes.Getattr() as method) | nodes.Assign(node=nodes.Getattr() as method):
                root = _root(method.node)
                is_module = written(root or "") in self._modules - self._others
                if method.attr in MUTATORS and root is not None and not is_module:
                    yield root, f"{written(root)}.{method.attr}() changes what the template has made"
            case nodes.Import() | nodes.FromImport() if node.with_context:  # else what it keeps outlives the page
                names = [node.target] if isinstance(node, nodes.Import) else _imported(node)
                if isinstance(node.template, nodes.Const) and node.template.value in self.files:
                    for name in names:
                        yield name, f"a macro of {node.template.value} changes what that file has made"
            case nodes.Assign() if any(map(_makes_state, every(node.node))):
                for name in sorted(mentioned([node.target])):
                    yield name, "a joiner or cycler, which each use changes"
            case nodes.With() if any(_makes_state(each) for value in node.values for each in every(value)):
                for name in sorted(mentioned(node.targets)):
                    yield name, "a joiner or cycler, which each use changes"
        if isinstance(node, nodes.Call) and self.macros:
            yield from self._called(node)

    def _called(self, call: nodes.Call) -> Iterator[tuple[str, str]]:
        name = next(iter(_named(call.node)), "")
        parameters = self.macros.get(written(name), frozenset())
        if not parameters:
            return
        hit: list[nodes.Node] = [value for at, value in enumerate(call.args) if at in parameters]
        hit += [keyword.value for keyword in call.kwargs if keyword.key in parameters]
        hit += [splat for splat in (call.dyn_args, call.dyn_kwargs) if splat is not None]
        for root in sorted(mentioned(hit)):
            yield root, f"the macro {written(name)} changes what it is given: {written(root)}"


def written(name: str) -> str:
    """A name as the author wrote it.

    >>> written("xs__i3")
    'xs'
    """
    return _INNER.sub("", name)


def given(statements: Iterable[nodes.Node]) -> Iterator[tuple[set[str], set[str]]]:
    """(names, what they are made of) for each statement that gives names a value."""
    for node in (found for statement in statements for found in every(statement)):
        match node:
            case nodes.Assign():
                yield mentioned([node.target]), mentioned([node.node])
            case nodes.AssignBlock():
                yield mentioned([node.target]), mentioned(node.body)
            case nodes.For():
                yield mentioned([node.target]), mentioned([node.iter])
            case nodes.With():
                yield mentioned(node.targets), mentioned(node.values)
            case nodes.Macro():
                yield {node.name}, mentioned(node.body)


def reached(names: set[str], steps: Steps) -> set[str]:
    """The names, and all that steps from one set to the other lead to."""
    size = -1
    while size != len(names):
        size = len(names)
        names |= {name for start, end in steps if start & names for name in end}
    return names


def mentioned(statements: Iterable[nodes.Node]) -> set[str]:
    """All names that stand in statements or expressions."""
    found = (node for statement in statements for node in every(statement))
    return {node.name for node in found if isinstance(node, nodes.Name | nodes.NSRef)}


def _makes_state(node: nodes.Node) -> bool:
    """True for `joiner()` and `cycler()`; imported files read them as `environment.globals["joiner"]`."""
    if not isinstance(node, nodes.Call):
        return False
    if isinstance(node.node, nodes.Getitem) and isinstance(node.node.node, nodes.EnvironmentAttribute):
        return isinstance(node.node.arg, nodes.Const) and node.node.arg.value in _STATEFUL
    return isinstance(node.node, nodes.Name) and node.node.name in _STATEFUL


def _root(node: nodes.Expr) -> str | None:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return node.name if isinstance(node, nodes.Name) else None


def _named(node: nodes.Node) -> list[str]:
    """`name`, or the `attr` of `module.attr`, as a macro may be called."""
    if isinstance(node, nodes.Name):
        return [node.name]
    return [node.attr] if isinstance(node, nodes.Getattr) else []


def _imported(node: nodes.FromImport) -> list[str]:
    return [pair[1] if isinstance(pair, tuple) else pair for pair in node.names]
