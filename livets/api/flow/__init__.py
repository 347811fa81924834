"""The HTTP API over workflows: `create_app(runtime, token)` is an ASGI application, `livets flow serve` serves it.

Needs the extra `livets[api]`; importing this does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from livets.engine.errors import MissingExtra

if TYPE_CHECKING:
    from livets.flow import FlowRuntime

__all__ = ["create_app"]


def create_app(runtime: FlowRuntime, token: str, **options: Any) -> Any:
    """Return the guarded ASGI application over `runtime`; only requests with `token` pass. Options: see `build`.

    Raises MissingExtra without FastAPI, EngineError when the runtime has no folder or the token is too short.
    """
    try:
        from livets.api.flow.app import build
    except ModuleNotFoundError as error:
        raise MissingExtra("the HTTP API", error.name or "fastapi", "api") from error
    from livets.api.token import Token

    return build(runtime, Token.of(token), **options)
