"""Answers as JSON, as msgspec writes it. Who has values of the engine puts them in their JSON form first (`to_plain`).

Called by every route. Decides no status.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return the answer that says `body` (plain lists, dicts and Structs)."""
    return Response(msgspec.json.encode(body), status, headers, media_type="application/json")
