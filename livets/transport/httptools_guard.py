"""uvicorn's fast HTTP protocol with a bound on what it keeps of a request's head, chunk lines and trailers.

The parser below it has none: headers without end, or trailers after a body, would fill the memory of the worker.
Imported by `server` where httptools is installed.
"""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from livets.transport.http_guard import HeadDeadline

MAX_HEAD_BYTES: Final = 64 * 1024
"""Of the bytes that are neither body nor the end of a head; looked at after each piece that arrives."""


class GuardedHttpTools(HeadDeadline, HttpToolsProtocol):  # type: ignore[misc]  # the mixin is typed for the other one
    """One connection."""

    _unused_bytes = 0
    _moved_on = False
    _has_head = False

    def data_received(self, data: bytes) -> None:
        """A part of a request; too much of what leads nowhere ends the connection."""
        self._moved_on = False
        super().data_received(data)
        self._unused_bytes = 0 if self._moved_on else self._unused_bytes + len(data)
        if self._unused_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A new request."""
        self._has_head = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those behind a body are not kept, nobody is told of them."""
        if not self._has_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._has_head = self._moved_on = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._moved_on = True
        super().on_body(body)
