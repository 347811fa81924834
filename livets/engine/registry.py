"""Where plug-ins are found: node types, template engines, stores, models. By decorator, or by entry points.

Packages announce theirs in the entry-point group `livets.plugins`: named "<kind>:<name>" or freely; what it loads
is a Node class, a function made a node, or a callable that takes the registry and registers more. They
are loaded at the first look-up of something unknown, never on import. A doubled name is an error: nobody wins silently.
"""

from __future__ import annotations

import difflib
import importlib.metadata
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from livets.engine.errors import RegistryError
from livets.engine.node import FunctionNode, Node, NodeType, node, node_type_of

GROUP = "livets.plugins"


class Registry:
    """Named plug-ins by kind. `parent` is asked for what is not found here.

    >>> registry = Registry()
    >>> @registry.node("math.add")
    ... def add(a: int, b: int) -> int:
    ...     return a + b
    >>> registry.node_type("math.add")
    <NodeType math.add v1>
    """

    def __init__(self, parent: Registry | None = None, *, entry_points: bool = False) -> None:
        self._things: dict[str, dict[str, Any]] = {}
        self._parent = parent
        self._pending = entry_points
        self.broken: list[str] = []
        """What entry points could not be loaded, and why; one broken package does not stop the others."""

    def register(self, kind: str, name: str, thing: Any) -> None:
        """Put `thing` under (kind, name); raises RegistryError when that name is taken by something else."""
        there = self._things.setdefault(kind, {})
        if there.get(name, thing) is not thing:
            raise RegistryError(f"{kind} {name!r} is registered twice: by {there[name]!r} and by {thing!r}; rename one")
        there[name] = thing

    def get(self, kind: str, name: str) -> Any:
        """Return what is registered; raises RegistryError with the nearest names when there is nothing."""
        found = self.find(kind, name)
        if found is None:
            near = difflib.get_close_matches(name, list(self.names(kind)), n=3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            broken = f" (could not load: {'; '.join(self.broken)})" if self.broken else ""
            raise RegistryError(f"no {kind} is called {name!r}{hint}{broken}")
        return found

    def find(self, kind: str, name: str) -> Any:
        """Return what is registered, or None."""
        found = self._things.get(kind, {}).get(name)
        if found is None and self._pending:
            self.load_entry_points()
            found = self._things.get(kind, {}).get(name)
        if found is None and self._parent is not None:
            return self._parent.find(kind, name)
        return found

    def names(self, kind: str) -> Iterator[str]:
        """Every name of that kind, sorted, the parent's too."""
        if self._pending:
            self.load_entry_points()
        own = set(self._things.get(kind, {}))
        return iter(sorted(own | set(self._parent.names(kind) if self._parent is not None else ())))

    def add(self, thing: type[Node] | Callable[..., Any] | NodeType) -> NodeType:
        """Register a node type and return it; usable as a class decorator through `node`."""
        node_type = node_type_of(thing)
        found = self._things.get("node", {}).get(node_type.name)
        if found is not None and (found.cls, found.function) == (node_type.cls, node_type.function):
            return found  # type: ignore[no-any-return]
        self.register("node", node_type.name, node_type)
        return node_type

    def node(self, name: str = "", *, version: int = 1, blocking: bool = False) -> Callable[[Any], Any]:
        """Decorator: register the class or function below it as a node; `blocking` as in `livets.flow.node`."""

        def decorate(thing: Any) -> Any:
            if isinstance(thing, type):
                self.add(NodeType(thing, name))
                return thing
            made = thing if isinstance(thing, FunctionNode) else node(name, version=version, blocking=blocking)(thing)
            self.add(made.node_type)
            return made

        return decorate

    def node_type(self, name: str) -> NodeType:
        """Return the node type of that name; raises RegistryError with the nearest names."""
        found = self.get("node", name)
        assert isinstance(found, NodeType)
        return found

    def load_entry_points(self, points: Iterable[importlib.metadata.EntryPoint] | None = None) -> None:
        """Load what installed packages announce; a package that fails is noted in `broken`."""
        self._pending = False
        for point in importlib.metadata.entry_points(group=GROUP) if points is None else points:
            try:
                self._take(point.name, point.load())
            except Exception as error:  # whatever a foreign package raises, the others must load
                self.broken.append(f"{point.name} = {point.value}: {type(error).__name__}: {error}")

    def _take(self, name: str, thing: Any) -> None:
        kind, colon, rest = name.partition(":")
        if isinstance(thing, FunctionNode | NodeType) or (isinstance(thing, type) and issubclass(thing, Node)):
            self.add(thing)
        elif colon and kind != "node":
            self.register(kind, rest, thing)
        elif inspect.isfunction(thing):
            thing(self)
        else:
            raise RegistryError(f"{thing!r} is neither a node nor a function that takes the registry")
