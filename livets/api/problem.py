"""Errors as the API tells them: application/problem+json (RFC 9457) that says what, why and how to mend.

Owns their form and which error of the engine is which status. Never tells a traceback or a path of this machine.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from livets.engine.errors import Conflict, EngineError, LogFull, ValueFault
from livets.flow.files import FileFault
from livets.flow.result import RunExists
from livets.flow.validate import InvalidWorkflow

logger = logging.getLogger("livets.api")
_TOLD = "livets.api has logged this"
MEDIA_TYPE = "application/problem+json"
_TITLES = {
    400: "The request cannot be understood",
    401: "A token is needed",
    403: "This is not allowed",
    404: "There is no such thing",
    405: "This cannot be done here",
    409: "This does not fit what is there",
    412: "It has changed meanwhile",
    413: "The request is too large",
    415: "The body is of a kind that is not read here",
    421: "This server does not answer to that name",
    422: "The request says something that cannot be",
    429: "Too many requests",
    500: "An error on our side",
    503: "Not now",
}


class Problem(Exception):
    """An answer that is an error. `code` names it for programs, `mend` says what to do; `more` are further members."""

    def __init__(
        self, status: int, code: str, detail: str, mend: str = "", headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.mend, self.more = status, code, detail, mend, more
        self.headers = headers or {}

    def response(self, path: str = "") -> Response:
        """Return the answer."""
        body = {
            "type": f"urn:livets:problem:{self.code}",
            "title": _TITLES.get(self.status, "It could not be done"),
            "status": self.status,
            "detail": self.detail,
        }
        if self.mend:
            body["mend"] = self.mend
        if path:
            body["instance"] = path
        return Response(_encode(body | self.more), self.status, self.headers, media_type=MEDIA_TYPE)


def problem_of(error: Exception) -> Problem:
    """Return the answer to what the engine raised."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, InvalidWorkflow):
        faults = [{"path": one.path, "code": one.code, "message": one.message} for one in error.faults[:200]]
        detail = f"the workflow has {len(error.faults)} fault{'s' * (len(error.faults) != 1)}"
        return Problem(422, "invalid-workflow", detail, "mend what `faults` lists", faults=faults)
    if isinstance(error, FileFault | ValueFault):
        return Problem(422, "invalid-body", str(error))
    if isinstance(error, RunExists):
        return Problem(409, "run-exists", str(error))
    if isinstance(error, Conflict):
        mend = "look at it again: another process has gone on with it"
        return Problem(409, "conflict", str(error), mend)
    if isinstance(error, LogFull):
        return Problem(503, "journal-full", str(error), "free space on the server, then ask again")
    return Problem(422, "refused", str(error))


def install(app: FastAPI) -> None:
    """Have `app` answer every error as a problem."""

    async def engine(request: Request, error: Exception) -> Response:
        return problem_of(error).response(request.url.path)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [
            {"path": ".".join(str(part) for part in one["loc"]), "code": one["type"], "message": one["msg"]}
            for one in error.errors()[:50]
        ]
        problem = Problem(422, "invalid-parameters", "; ".join(f"{f['path']}: {f['message']}" for f in faults[:3]))
        problem.more = {"faults": faults}
        return problem.response(request.url.path)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = "there is no such route" if error.status_code == 404 else str(error.detail)
        headers = dict(error.headers or {})
        problem = Problem(error.status_code, f"http-{error.status_code}", detail, "GET /docs lists them all", headers)
        return problem.response(request.url.path)

    async def ours(request: Request, error: Exception) -> Response:
        return unexpected(error, request.url.path)

    app.add_exception_handler(Exception, ours)
    app.add_exception_handler(Problem, engine)
    app.add_exception_handler(EngineError, engine)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def unexpected(error: BaseException, path: str) -> Response:
    """The answer to a fault of ours: its number is in the log, beside the traceback; nothing else goes out."""
    ref = secrets.token_hex(6)
    if _TOLD not in getattr(error, "__notes__", ()):  # Starlette answers, then raises it again for whoever is outside
        error.add_note(_TOLD)
        logger.error("error %s at %s", ref, path, exc_info=error, extra={"ref": ref})
    return Problem(500, "internal", f"this is a fault of the server; its log says more under {ref}", ref=ref).response()


def _encode(body: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # a lone surrogate came in by a path or a name
        return msgspec.json.encode({k: v for k, v in body.items() if k in ("type", "title", "status")})
