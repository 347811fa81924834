"""`livets run`: serves the project in production, in one process or several.

Owns the options and what is checked and said before the first request. Called by a person or by systemd.
"""

from __future__ import annotations

import signal
from pathlib import Path

import click

from livets.app import LiveTS
from livets.cli.child import Order, serve
from livets.cli.finding import find
from livets.cli.loading import live_apps, load
from livets.cli.logs import LEVELS
from livets.cli.output import Failure, Wrong, note
from livets.cli.processes import listen
from livets.cli.supervising import Supervisor

_MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
EPILOG = f"""\b
Examples:
  livets run
  livets run --host 0.0.0.0 --port 80
  LIVETS_REDIS_URL=redis://localhost LIVETS_SECRET_KEY=... livets run --workers 4

\b
Signals: SIGTERM and SIGINT end it in order: pages are told to move to another
worker, what they hold is written, and all is over within --graceful-timeout.
SIGHUP starts every worker anew, one after the other, while others serve.
A new secret: {_MAKE_ONE}
"""


@click.command(epilog=EPILOG)
@click.argument("app", required=False)
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 256), help="Processes that serve.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--graceful-timeout", default=10.0, show_default=True, type=click.FloatRange(2, 600), metavar="SECONDS",
              help="From the signal to stop to the end of all.")  # fmt: skip
@click.option("--forwarded-allow-ips", metavar="IPS",
              help="Proxies whose X-Forwarded-* headers are believed, comma-separated.")  # fmt: skip
@click.option("--root-path", default="", metavar="PREFIX",
              help="Where a proxy serves this, if it takes the prefix off the path: /shop.")  # fmt: skip
@click.option("--log-level", default="info", show_default=True, type=click.Choice(LEVELS))
def run(
    app: str | None,
    workers: int,
    host: str,
    port: int,
    graceful_timeout: float,
    forwarded_allow_ips: str | None,
    root_path: str,
    log_level: str,
) -> None:
    """Serve the project for real.

    APP is module:attribute; without it the project's own. Several workers share their views through Redis.
    """
    if root_path and (not root_path.startswith("/") or root_path.endswith("/")):
        raise Wrong(f"--root-path {root_path}: a prefix begins with a slash and does not end with one", "write /shop")
    target = find(app, Path.cwd())
    loaded = load(target)  # here, too: what is wrong is said once, before anything is started
    lives = live_apps(loaded)
    _check(lives, workers)
    listener = listen(host, port)
    order = Order(
        target=target.name,
        root=str(target.root),
        origin=target.origin,
        host=host,
        port=listener.getsockname()[1],
        graceful_s=graceful_timeout,
        log_level=log_level,
        forwarded_allow_ips=forwarded_allow_ips,
        root_path=root_path,
    )
    note("livets", f"{target.name} on http://{host}:{order.port} with {workers} worker{'s' * (workers > 1)}", "green")
    note("livets", _about_secret(lives), "green")
    if workers > 1:
        raise SystemExit(Supervisor(order, listener, workers).run())
    order.listener = listener.detach()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    serve(loaded, lives, order)


def _check(lives: list[LiveTS], workers: int) -> None:
    """Raises Failure for what can't work in production, and says what should not be."""
    if any(live.config.dev for live in lives):
        note("warning", "development mode is on (LIVETS_DEV or dev=True): visitors see tracebacks", "yellow")
    if workers == 1:
        return
    if not all(live.config.redis_url for live in lives):  # a secret they share: this host has one
        raise Failure(
            f"{workers} workers need LIVETS_REDIS_URL (a page's views have to be found by every worker)",
            "set it, for instance LIVETS_REDIS_URL=redis://localhost:6379/0, or serve with --workers 1",
        )


def _about_secret(lives: list[LiveTS]) -> str:
    """With what sessions are sealed; never the secret itself."""
    if not lives:
        return "there is no LiveTS in this application: it is served as it is"
    if all(live.config.secret_keys for live in lives):
        count = max(len(live.config.secret_keys) for live in lives)
        return f"sessions are sealed with LIVETS_SECRET_KEY{f' ({count} keys, the first seals)' if count > 1 else ''}"
    path = lives[0].config.state_dir / "secret.key"
    return f"sessions are sealed with this host's own key ({path}); set LIVETS_SECRET_KEY when there is a second host"
