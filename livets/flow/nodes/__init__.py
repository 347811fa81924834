"""The nodes that come with livets, one a file. `standard_registry` has them all, and those of installed packages."""

from __future__ import annotations

import functools

from livets.engine.registry import Registry
from livets.flow.nodes.branch import Branch
from livets.flow.nodes.call import Call
from livets.flow.nodes.delay import Delay
from livets.flow.nodes.filter import Filter
from livets.flow.nodes.log import Log
from livets.flow.nodes.loop import Loop
from livets.flow.nodes.map import Map
from livets.flow.nodes.merge import Merge
from livets.flow.nodes.switch import Switch
from livets.flow.nodes.wait import Wait

BUILT_IN = (Branch, Call, Delay, Filter, Log, Loop, Map, Merge, Switch, Wait)


@functools.cache
def standard_registry() -> Registry:
    """Return the registry of built-in nodes and of entry points (group `livets.plugins`); the same each time."""
    registry = Registry(entry_points=True)
    for node in BUILT_IN:
        registry.add(node)
    return registry
