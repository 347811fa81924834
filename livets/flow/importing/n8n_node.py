"""One node of an n8n file, read with care: whatever is of a wrong kind there counts as not given."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from livets.flow.importing.drawing import Drawing, Maker, Piece, Port, Unmapped
from livets.flow.importing.n8n_expression import Expressions, is_expression

T = TypeVar("T")


class N8nNode(msgspec.Struct):
    """A foreign node: its parameters, how it fails, what was pinned to it."""

    name: str
    type: str
    version: float
    parameters: dict[str, Any]
    raw: dict[str, Any]
    pinned: list[Any] | None = None
    outputs: int = 1

    @property
    def kind(self) -> str:
        """Its type without the package."""
        return self.type.rpartition(".")[2]

    def get(self, path: str, default: T) -> T:
        """Return the parameter at a path (`a.b`), or `default` when it is missing or of another kind."""
        return dig(self.parameters, path, default)

    def constant(self, path: str, default: T) -> T:
        """Return a parameter that must not be computed; raises Unmapped when it is."""
        found = dig(self.parameters, path, None)
        if is_expression(found):
            raise Unmapped(f"its {path} is computed ({str(found)[:80]}); write down a constant")
        return dig(self.parameters, path, default)


class Work(msgspec.Struct):
    """What a mapper works with: the node, the pen, its expressions, and the piece that it fills."""

    node: N8nNode
    make: Maker
    drawing: Drawing
    expressions: Expressions
    piece: Piece
    computed: dict[str, str] = {}
    """What conditions compare that is no plain path: JMESPath -> the field that holds it while they are judged."""

    def through(self, id: str, exit: str = "out", entry: str = "value") -> Port:
        """Let the piece begin and end at one node; returns its end."""
        self.piece.entries, self.piece.exits = [(id, entry)], [(id, exit)]
        return (id, exit)

    def choose(self, type: str, config: dict[str, Any], ports: list[str]) -> None:
        """Let the piece be a node that sends items to `ports`; what its conditions compute is there meanwhile."""
        names = list(self.computed.values())
        if not names:
            id = self.make.add(type, config)
            self.piece.entries, self.piece.exits = [(id, "value")], [(id, port) for port in ports]
            return
        before = self.make.add("transform.compute", {"compute": {name: one for one, name in self.computed.items()}})
        id = self.make.after((before, "out"), type, config)
        after = {
            port: self.make.after((id, port), "transform.select", {"drop": names}) for port in dict.fromkeys(ports)
        }
        self.piece.entries, self.piece.exits = [(before, "value")], [(after[port], "out") for port in ports]

    def on(self, id: str, exit: str = "out") -> Port:
        """Let the piece end at another node."""
        self.piece.exits[0] = (id, exit)
        return (id, exit)


def dig(value: Any, path: str, default: T) -> T:
    """Return what is at `a.b` in plain data, or `default` when it is missing or of another kind than `default`."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if default is None or (isinstance(default, float) and type(value) is int):
        return value  # type: ignore[no-any-return]
    return value if type(value) is type(default) else default


def records(value: Any) -> list[dict[str, Any]]:
    """Return the objects in an array, or none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
