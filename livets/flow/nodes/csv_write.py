"""transform.csv_write: an array of objects (or of arrays) to CSV text."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CsvWrite(Node):
    """Writes `items` as CSV with a first row of names: `fields`, or every name in order of appearance.

    Null is an empty cell, true and false are words, arrays and objects fail. `safe` puts a `'` before text that a
    spreadsheet would take for a formula; switch it off for programs.
    """

    type = "transform.csv_write"

    class Config(msgspec.Struct):
        delimiter: str = ","
        fields: list[str] = []
        header: bool = True
        safe: bool = True

        def __post_init__(self) -> None:
            if len(self.delimiter) != 1:
                raise ValueError("delimiter is one character")

    class Inputs(msgspec.Struct):
        items: list[Any]

    class Outputs(msgspec.Struct):
        out: str

    async def execute(self, ctx: NodeContext) -> Any:
        items, config = ctx.inputs["items"], self.config
        names = config.fields or list(dict.fromkeys(name for item in items if isinstance(item, dict) for name in item))
        target = io.StringIO(newline="")
        writer = csv.writer(target, delimiter=config.delimiter, lineterminator="\n")
        if config.header and names:
            writer.writerow(names)
        for item in items:
            if not isinstance(item, dict | list):
                raise NodeError(f"an item is an object or an array, not {item!r:.60}", "input", retryable=False)
            cells = [item.get(name) for name in names] if isinstance(item, dict) else item
            writer.writerow([self._cell(cell) for cell in cells])
        return target.getvalue()

    def _cell(self, cell: Any) -> str:
        if cell is None:
            return ""
        if isinstance(cell, bool):
            return "true" if cell else "false"
        if isinstance(cell, str):
            return f"'{cell}" if self.config.safe and cell.startswith(_FORMULA) else cell
        if isinstance(cell, int | float):
            return repr(cell)
        raise NodeError(f"a cell cannot hold {type(cell).__name__}: turn it into text first", "input", retryable=False)
