"""Nodes of one line each that many tests put into their workflows."""

from __future__ import annotations

from typing import Any

from livets.engine.errors import NodeError
from livets.flow import node


@node
def inc(n: int) -> int:
    return n + 1


@node
def fail(n: Any = None) -> int:
    raise NodeError("it broke", "broken")
