"""Every setting of a livets application in one frozen object.

Owns names, defaults and the environment variables behind them; decides nothing. The numbers of the
browser protocol are not settings and live in `livets.wire.limits`. Read by `app` and `transport`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_BASELINE = "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
CSP = {"baseline": _BASELINE, "strict": f"default-src 'self'; img-src 'self' data:; {_BASELINE}"}
"""Content-Security-Policies by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of one LiveTS; durations in seconds, sizes in bytes."""

    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """The first seals, all unseal (`LIVETS_SECRET_KEY`, comma-separated). Empty: a key file of this host."""
    state_dir: Path = Path()
    """Where the key file lives (`LIVETS_STATE_DIR`; default `$XDG_STATE_HOME/livets`)."""
    redis_url: str | None = field(default=None, repr=False)
    """Snapshots and broadcasts shared by all workers (`LIVETS_REDIS_URL`); None: this process only."""
    dev: bool = False
    """Tracebacks in the browser and extra checks (`LIVETS_DEV=1`). Never in production."""

    templates: tuple[Path, ...] = ()
    """Directories of templates and layouts."""
    static: Path | None = None
    """A directory of your own files, served under `/static`."""
    layout: str = ""
    """The template file around every view that names none itself; empty: `livets/layout.html`."""
    title: str = "livets"
    lang: str = "en"
    head: str = ""
    """HTML that every page has in its `<head>`, as it is."""
    stylesheets: tuple[str, ...] = ()
    """Style sheets of every page: URLs, or names of files in `static`."""
    csp: str | None = "baseline"
    """The Content-Security-Policy header (`LIVETS_CSP`): "baseline" lets no other site frame the page or take its
    forms; "strict" also allows scripts and styles from files of this site only; or a policy of your own; None: no
    header. livets itself needs nothing more than "strict"."""

    json_wire: bool = False
    """Pages ask for JSON messages instead of msgpack."""
    allowed_origins: tuple[str, ...] = ()
    """Origins besides the page's own that may open the socket, each exactly as a browser sends it."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names that requests may use (`LIVETS_ALLOWED_HOSTS`, comma-separated); `.example.com` is that name and all
    below it. Empty: any; in development those that can only be this machine's (against DNS rebinding)."""
    csrf: bool = True
    """Refuse requests other than GET, HEAD and OPTIONS that a page of another origin has made (403)."""
    trust_forwarded: bool = False
    """Believe `X-Forwarded-Proto` and `X-Forwarded-Host`; only behind a proxy that always sets them."""

    session_cookie: str = "livets_session"
    session_max_age_s: int = 14 * 24 * 3600
    session_check_s: float = 60.0
    """How often the sessions of open sockets are checked for their end."""
    page_token_max_age_s: int = 24 * 3600
    """A page whose first socket comes later than this loads itself again."""
    resume_max_age_s: int = 24 * 3600
    """How long a page may stay away and still resume."""

    snapshot_ttl_s: int = 24 * 3600
    """A snapshot that nothing has touched for this long is dropped by its store."""
    unjoined_snapshot_ttl_s: int = 300
    """The same for a page whose socket has not come (crawlers, browsers without JavaScript)."""
    snapshot_max_bytes: int = 256 * 1024 * 1024
    """What the memory store keeps at most of views that no page is looking at; the least recently used go first."""
    view_max_bytes: int = 4 * 1024 * 1024
    """The declared fields of one view, encoded: a handler that would make a snapshot larger fails."""
    newer_snapshot_wait_s: float = 30.0
    """During a deploy: how long a worker sends pages away whose views a newer release has already written."""

    presence_ttl_s: float = 20.0
    """People of a worker that has died, and whose pages have not come back, are gone after this time at the latest."""

    events_per_s: float | None = None
    events_burst: int | None = None
    """Events of one page that are taken at once (never fewer than it may have waited with offline), and then per
    second; faster ones wait. None: 50 a second after 100 (`livets.wire.limits`)."""

    unjoined_max: int = 2_000
    unjoined_max_bytes: int = 64 * 1024 * 1024
    """Views rendered over HTTP whose socket has not come yet; the oldest go first and are mounted again at join."""
    unjoined_keep_s: float = 120.0
    detached_max: int = 2_000
    detached_keep_s: float = 60.0
    """Views whose socket was lost stay in memory this long."""

    idle_after_s: float = 300.0
    """A view on a socket that nothing has happened to for this long sleeps: its state becomes bytes, its objects go,
    and the next event, message or timer wakes it as a resume would. 0: none ever does."""

    withhold_max_s: float = 10.0
    """Longest wait at resume for events that the page has seen handled and has to send again."""
    shutdown_s: float = 8.0
    """Longest time the end of the application may take."""


def from_environment(environ: Mapping[str, str] | None = None) -> Config:
    """The defaults, with what the environment says."""
    env = os.environ if environ is None else environ
    return Config(
        secret_keys=_several(env.get("LIVETS_SECRET_KEY", "")),
        allowed_hosts=_several(env.get("LIVETS_ALLOWED_HOSTS", "")),
        state_dir=_state_dir(env),
        redis_url=env.get("LIVETS_REDIS_URL") or None,
        csp=env.get("LIVETS_CSP") or "baseline",
        dev=env.get("LIVETS_DEV", "").strip().lower() in {"1", "true", "yes", "on"},
    )


def _several(text: str) -> tuple[str, ...]:
    return tuple(part for part in (part.strip() for part in text.split(",")) if part)


def _state_dir(env: Mapping[str, str]) -> Path:
    if own := env.get("LIVETS_STATE_DIR"):
        return Path(own)
    if xdg := env.get("XDG_STATE_HOME"):
        return Path(xdg) / "livets"
    return Path("~/.local/state/livets").expanduser()
