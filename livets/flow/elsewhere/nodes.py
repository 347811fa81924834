"""The types of nodes that a worker knows: the built-in ones, those of installed packages, and modules that it is told.

A workflow file names types only; what code stands behind a name is the worker's affair, never the run's.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable
from typing import Any

from livets.engine.errors import EngineError
from livets.engine.node import FunctionNode, Node
from livets.engine.registry import Registry
from livets.flow.builder import Flow
from livets.flow.nodes import standard_registry


def registry_of(names: Iterable[str]) -> Registry:
    """Return a registry with the nodes of each `module` or `module:name` (a Flow, a node) over the standard one.

    Of a module all Flows and all nodes that it defines are taken. Raises EngineError when one cannot be loaded.
    """
    registry = Registry(standard_registry())
    for name in names:
        module, colon, attribute = name.partition(":")
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        try:
            loaded = importlib.import_module(module)
            things = [getattr(loaded, attribute)] if colon else list(vars(loaded).values())
        except (ImportError, AttributeError) as error:
            raise EngineError(f"the nodes {name!r} could not be loaded: {error}") from error
        found = [taken for thing in things if (taken := _taken(thing, None if colon else module))]
        if not found:
            raise EngineError(
                f"{name!r} has no nodes: name a Flow, a Node class, a function with @node, or their module"
            )
        for taken in found:
            for one in taken:
                registry.add(one)
    return registry


def _taken(thing: Any, module: str | None) -> list[Any]:
    """The types of nodes in one object; of a whole module only what it defines itself."""
    if isinstance(thing, Flow):
        return thing.types()
    if isinstance(thing, FunctionNode):
        return [thing.node_type] if module in (None, thing.__module__) else []
    if isinstance(thing, type) and issubclass(thing, Node):
        return [thing] if thing.type and module in (None, thing.__module__) else []
    return [thing] if callable(thing) and module is None else []
