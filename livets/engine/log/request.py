"""One append on its way from a writer to a backend."""

from __future__ import annotations

from livets.engine.errors import LogError


class Request:
    """One append on its way: `result` becomes the new head of the stream, or the error that refuses it."""

    __slots__ = ("expected", "records", "result", "stream")

    def __init__(self, stream: str, records: list[bytes], expected: int | None) -> None:
        self.stream = stream
        self.records = records
        self.expected = expected
        self.result: int | Exception = LogError("not committed")
