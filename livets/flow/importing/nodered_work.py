"""What a mapper of a Node-RED node works with: the pen, the piece, how a value of the message goes there and back."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

from livets.flow.importing.drawing import Maker, Piece, Port, Unmapped

_UNITS = {
    "milliseconds": 0.001,
    "ms": 0.001,
    "seconds": 1.0,
    "s": 1.0,
    "minutes": 60.0,
    "hours": 3600.0,
    "days": 86_400.0,
}


class RedWork(msgspec.Struct):
    """The pen and the piece of one foreign node."""

    make: Maker
    piece: Piece

    def through(self, id: str, exit: str = "out", entry: str = "value") -> Port:
        """Let the piece begin and end at one node; returns its end."""
        self.piece.entries, self.piece.exits = [(id, entry)], [(id, exit)]
        return (id, exit)

    def then(self, type: str, config: Mapping[str, Any]) -> None:
        """Add a node after the end of the piece."""
        self.piece.exits = [(self.make.after(self.piece.exits[0], type, config), "out")]

    def take(self, expression: str) -> Port:
        """Return the port that gives what `expression` (over `item`, the message) finds."""
        config = {"compute": {"it": expression}, "keep": False}
        found = self.make.after(self.piece.exits[0], "transform.compute", config)
        return (self.make.after((found, "out"), "transform.query", {"expression": "it"}), "out")

    def put(self, ports: Mapping[str, Port | None]) -> None:
        """End the piece with the message in which each path has what its port gives; None only waits for it."""
        message = self.piece.exits[0]
        others = self.make.add("flow.merge", {"mode": "object"})
        for port in ports.values():
            if port is not None:
                self.make.links.append((port, (others, "in")))
        compute = {path: f"others.{json.dumps(port[0])}" for path, port in ports.items() if port and path[0] != "~"}
        done = self.make.after(message, "transform.compute", {"compute": compute})
        self.make.links.append(((others, "out"), (done, "others")))
        self.piece.exits = [(done, "out")]

    def apply(self, expression: str, type: str, config: Mapping[str, Any], to: str, path: str) -> None:
        """Put what a node makes of `expression` at `path` of the message (a path that begins with `~`: nowhere)."""
        self.through(self.make.add("flow.merge"), entry="in")
        made = self.make.after(self.take(expression), type, config, to=to)
        self.put({path: (made, "path" if type == "file.write" else "out")})


def seconds(value: Any, unit: str) -> float:
    """Return a time in seconds; raises Unmapped when it is none."""
    try:
        found = float(value) * _UNITS.get(unit, _UNITS.get(unit + "s", math.nan))
    except (TypeError, ValueError):
        found = math.nan
    if not 0 <= found < 1e9:
        raise Unmapped(f"{str(value)[:40]!r} {unit[:20]} is no time")
    return found
