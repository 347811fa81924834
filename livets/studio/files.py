"""The studio's own files: templates put together from their parts, the style sheet, the page that asks for a token.

Owns where they lie (beside this module) and nothing of what they say. Read once.
"""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_HERE = Path(__file__).parent / "pages"
_PART = re.compile(r"<!-- part: ([a-z_]+\.html) -->")


def template(name: str) -> str:
    """Return the template of that name, with `<!-- part: other.html -->` replaced by that file."""
    text = (_HERE / name).read_text(encoding="utf-8")
    return _PART.sub(lambda found: template(found[1]), text)


STYLE = (_HERE / "studio.css").read_bytes()
STYLE_VERSION = hashlib.sha256(STYLE).hexdigest()[:12]


async def style(_request: Request) -> Response:
    """The style sheet; its URL has its version, so browsers may keep it."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(STYLE, media_type="text/css", headers=headers)


def document(said: str, style_url: str) -> str:
    """The page that asks for the token, with what went wrong before."""
    text = (_HERE / "entrance.html").read_text(encoding="utf-8")
    return text.replace("STYLE", html.escape(style_url)).replace("SAID", html.escape(said))
