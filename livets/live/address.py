"""What an address of this site is: path, query and fragment that a view or a browser may name.

It owns the rules for text that becomes a URL: nothing leads to another site unawares, nothing is too long. Where a view
is and may go is `navigation`'s business.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urljoin, urlsplit

from livets.errors import NavigationError

MAX_CHARACTERS: Final = 4096
"""Of a URL's path and query."""
_SAFE: Final = ":/?#[]@!$&'()*+,;=%~"
_UNFIT: Final = re.compile(r"[\x00-\x20\x7f\\]")


def of_site(url: str, here: str) -> str:
    """Path and query (and fragment) of this site, in full, as seen from `here`. Raises NavigationError."""
    full = quote(urljoin(here, url) if url[:1] in ("?", "#") else url, safe=_SAFE)
    if full[:1] != "/" or full.startswith("//") or _UNFIT.search(url.replace(" ", "")):
        raise NavigationError(
            f"{url!r} is not an address of this site: write a path ('/items?page=2') or a query ('?page=2'); "
            f"for another site self.redirect(url, external=True)"
        )
    if len(full) > MAX_CHARACTERS:
        raise NavigationError(f"a URL of {len(full)} characters is too long: {MAX_CHARACTERS} are the limit")
    return full


def elsewhere(url: str) -> str:
    """The whole URL of another site. Raises NavigationError."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or _UNFIT.search(url):
        raise NavigationError(f"redirect({url!r}, external=True): write a whole http:// or https:// URL")
    return quote(url, safe=_SAFE)


def pairs_of(url: str) -> list[tuple[str, str]]:
    """Names and values of the query."""
    query = url.partition("#")[0].partition("?")[2]
    return parse_qsl(query, keep_blank_values=True) if query else []
