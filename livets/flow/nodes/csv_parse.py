"""transform.csv_parse: CSV text to an array of objects."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec

from livets.engine.coercion import coerce
from livets.engine.context import NodeContext
from livets.engine.errors import NodeError, ValueFault
from livets.engine.node import Node
from livets.engine.values import Kind


class CsvParse(Node):
    """Reads CSV `text`: the first row names the fields (or `fields` does), each further row is an object.

    Cells are Strings; `kinds` turns columns into others (`{"price": "Number"}`), an empty cell of those into null. A
    row with too few or too many cells fails, naming its line. `as_arrays` gives rows as arrays, names and all.
    """

    type = "transform.csv_parse"

    class Config(msgspec.Struct):
        delimiter: str = ","
        quote: str = '"'
        fields: list[str] = []
        kinds: dict[str, Kind] = {}
        as_arrays: bool = False

        def __post_init__(self) -> None:
            if len(self.delimiter) != 1 or len(self.quote) != 1:
                raise ValueError("delimiter and quote are one character each")

    class Inputs(msgspec.Struct):
        text: str

    class Outputs(msgspec.Struct):
        out: list[Any]

    async def execute(self, ctx: NodeContext) -> Any:
        config = self.config
        text = ctx.inputs["text"].removeprefix("\ufeff")
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=config.delimiter, quotechar=config.quote, strict=True
        )
        try:
            rows = [(reader.line_num, row) for row in reader if row]
        except csv.Error as error:
            raise NodeError(f"line {reader.line_num}: {error}", "csv", retryable=False) from None
        if config.as_arrays:
            return [row for _, row in rows]
        names = config.fields or (rows.pop(0)[1] if rows else [])
        if len(set(names)) < len(names):
            raise NodeError(f"two fields have the same name: {', '.join(names)}; give fields", "csv", retryable=False)
        return [self._object(names, row, line) for line, row in rows]

    def _object(self, names: list[str], row: list[str], line: int) -> dict[str, Any]:
        if len(row) != len(names):
            message = f"line {line} has {len(row)} cells, but there are {len(names)} fields"
            raise NodeError(message, "csv", retryable=False)
        found: dict[str, Any] = dict(zip(names, row, strict=True))
        for name, kind in self.config.kinds.items():
            if name in found:
                try:
                    found[name] = coerce(found[name], kind) if found[name] else None
                except ValueFault as error:
                    raise NodeError(f"line {line}, {name}: {error}", "csv", retryable=False) from None
        return found
