"""database.query: one statement in a granted database."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from livets.engine.context import NodeContext
from livets.engine.errors import NodeError
from livets.engine.node import Node


class DatabaseQuery(Node):
    """Runs `statement` in the granted `database`, in a transaction of its own; `parameters` fill its placeholders.

    `rows` are objects by column (`form: arrays`: arrays), at most `max_rows`, else it fails with the kind "limit";
    `changed` counts the rows that a writing statement changed. Values never become part of the statement. A statement
    that writes may run twice when the program is killed right after it: write such that this does no harm.
    """

    type = "database.query"

    class Config(msgspec.Struct):
        database: str
        statement: str
        max_rows: int = 10_000
        form: Literal["objects", "arrays"] = "objects"

    class Inputs(msgspec.Struct):
        parameters: dict[str, Any] | list[Any] = {}

    class Outputs(msgspec.Struct):
        rows: list[Any]
        columns: list[Any]
        changed: int

    async def execute(self, ctx: NodeContext) -> Any:
        config, parameters = self.config, ctx.inputs["parameters"]
        if not isinstance(parameters, dict | list):
            raise NodeError("parameters are an object or an array", "input", retryable=False)
        database = self.grants.database(config.database)
        found = await database.query(config.statement, parameters or (), max_rows=config.max_rows)
        rows: list[Any] = found.rows
        if config.form == "objects":
            twice = sorted({name for name in found.columns if found.columns.count(name) > 1})
            if twice:
                message = f"several columns are called {', '.join(twice)}: name them with AS, or use the form arrays"
                raise NodeError(message, "database", retryable=False)
            rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        return {"rows": rows, "columns": found.columns, "changed": found.changed}
