"""The pages of everything that is not a page: not found, not allowed, gone wrong.

Owns how they look, in development and in production, and that a template of the application's own (`404.html`,
`500.html`, or `error.html` for all) stands in for them. In production they tell nothing but a number to look up in the
log. Called by `page` and, for other routes, by `app`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from jinja2 import TemplateNotFound
from markupsafe import Markup, escape
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.types import Scope

from livets.config import CSP
from livets.render.environment import MappingScope
from livets.transport.layout import Layouts

_TEXTS: Final = {
    400: ("This address is not quite right", "Something in it has the wrong form."),
    404: ("There is nothing here", "The page has moved, or the address is not quite right."),
    405: ("That can't be done here", "This address answers to reading only."),
    414: ("This address is too long", "Please shorten it."),
    500: ("Something went wrong", "It is not your fault, and it has been noted."),
    503: ("Please try again in a moment", "A part of this site does not answer right now."),
}
_STYLE: Final = """
:root{color-scheme:light dark}
body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.05rem/1.6 system-ui,sans-serif}
main{box-sizing:border-box;width:min(40rem,100%);padding:2rem}
small{font-size:.9rem;letter-spacing:.1em;opacity:.65}
h1{margin:.2rem 0 .6rem;font-size:clamp(1.6rem,5vw,2.4rem);line-height:1.15}
pre{padding:1rem;overflow:auto;border:1px solid #8886;border-radius:.5rem;font-size:.85rem;white-space:pre-wrap}
a{color:inherit}
"""
_SOURCE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<small>{status}</small>
<h1>{title}</h1>
<p>{text}</p>
{more}</main>
</body>
</html>
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_OWN_CSP: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'self'"


class Refusals:
    """Makes error pages."""

    def __init__(self, layouts: Layouts, *, csp: str | None, dev: bool) -> None:
        self._layouts = layouts
        self._csp = csp and CSP.get(csp, csp)
        self._dev = dev

    def response(
        self,
        scope: Scope,
        status: int,
        detail: str = "",
        *,
        number: str = "",
        paths: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer with this status. `detail` and `paths` (those there are) show in development only.

        Who does not ask for HTML gets a line of text.
        """
        title, text = _TEXTS.get(status, (HTTPStatus(status).phrase, ""))
        if number:
            text += f" Error number {number}."
        shown = detail if self._dev else ""
        if "html" not in Headers(scope=scope).get("accept", "html") and "*/*" not in Headers(scope=scope).get(
            "accept", ""
        ):
            return self._with_headers(PlainTextResponse(shown or title, status, dict(headers or {})), self._csp)
        own = self._own(status, {"status": status, "title": title, "text": text, "detail": shown, "number": number})
        if own is not None:
            return self._with_headers(HTMLResponse(own, status, dict(headers or {})), self._csp)
        document = _SOURCE.format(
            status=status, title=escape(title), text=escape(text), style=_STYLE, more=self._more(shown, paths)
        )
        return self._with_headers(HTMLResponse(document, status, dict(headers or {})), self._csp and _OWN_CSP)

    def _more(self, detail: str, paths: Sequence[str]) -> Markup:
        if not self._dev or not (detail or paths):
            return Markup("")
        lines = "\n".join([*([detail, ""] if detail else []), *(["There are these routes:", *paths] if paths else [])])
        return Markup("<pre>{}</pre>\n").format(lines)

    def _own(self, status: int, names: Mapping[str, object]) -> str | None:
        for name in (f"{status}.html", "error.html"):
            try:
                return self._layouts.plain(name, MappingScope(names))
            except TemplateNotFound as error:
                if error.name != name:
                    raise
        return None

    @staticmethod
    def _with_headers(response: Response, csp: str | None) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if csp:
            response.headers["Content-Security-Policy"] = csp
        return response
