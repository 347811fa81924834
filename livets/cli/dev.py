"""`livets dev`: serves the project while it is being written; every save shows in the browser.

Owns what a change means (start the program again, or tell it of a template or a style sheet) and the words for it. A
mistake in the program never ends it. Called by a person.
"""

from __future__ import annotations

import signal
import socket
import tempfile
import time
import webbrowser
from pathlib import Path

import click
import msgspec

from livets.cli import watching
from livets.cli.child import Order
from livets.cli.finding import Target, find
from livets.cli.logs import LEVELS
from livets.cli.output import note
from livets.cli.processes import Changed, Child, Ended, Queue, Said, Signalled, listen, signals

_STOP_S = 5.0
EPILOG = """\b
Examples:
  livets dev
  livets dev shop.web:app --port 9000
  livets dev --host 0.0.0.0           also for a telephone in the same network
"""


@click.command(epilog=EPILOG)
@click.argument("app", required=False)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--watch", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="One more folder with your Python code; may be given several times.")  # fmt: skip
@click.option("--open", "browser", is_flag=True, help="Open the page in your browser.")
@click.option("--log-level", default="info", show_default=True, type=click.Choice(LEVELS))
def dev(app: str | None, host: str, port: int, watch: tuple[Path, ...], browser: bool, log_level: str) -> None:
    """Serve the project while you work on it.

    Python files: the program starts again, and open pages go on with their state. Templates: open pages show the new
    one. Style sheets: swapped in place. Mistakes are shown in the terminal and in the browser until the next save.

    APP is module:attribute; without it the project's own.
    """
    target = find(app, Path.cwd())
    listener = listen(host, port)
    with tempfile.TemporaryDirectory(prefix="livets-dev-") as folder:
        order = Order(
            target=target.name,
            root=str(target.root),
            origin=target.origin,
            host=host,
            port=listener.getsockname()[1],
            dev=True,
            graceful_s=_STOP_S - 1,
            log_level=log_level,
            snapshots=str(Path(folder, "views")),
        )
        extra = tuple(path.resolve() for path in watch)
        _Session(target, order, listener, extra, open_browser=browser).run()


class _Session:
    """One run of `livets dev`: at most one child at a time, started again as files change."""

    def __init__(
        self, target: Target, order: Order, listener: socket.socket, extra: tuple[Path, ...], *, open_browser: bool
    ) -> None:
        self._target = target
        self._order = order
        self._listener = listener
        self._extra = extra
        self._open_browser = open_browser
        self._queue = Queue()
        self._folders: tuple[Path, ...] = ()
        self._watcher: watching.Watcher | None = None
        self._child: Child | None = None
        self._is_broken = False
        self._banner_shown = False
        self._began = time.monotonic()

    def run(self) -> None:
        """Until Ctrl+C or SIGTERM."""
        signals(self._queue, signal.SIGINT, signal.SIGTERM)
        self._watch(())
        self._start(self._order)
        try:
            while True:
                news = self._queue.get()
                if isinstance(news, Signalled):
                    break
                if isinstance(news, Changed):
                    self._changed(news.paths)
                elif news.child is self._child and isinstance(news, Said):
                    self._heard(news.message)
                elif news.child is self._child and isinstance(news, Ended):
                    self._ended(news.code)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second Ctrl+C does not wait
            if self._watcher is not None:
                self._watcher.stop()
            self._stop()

    def _start(self, order: Order) -> None:
        self._began = time.monotonic()
        self._child = Child(order, self._listener, self._queue)

    def _stop(self) -> None:
        if self._child is not None:
            self._child.stop()
            self._child.wait(_STOP_S)
            self._child = None

    def _changed(self, paths: frozenset[Path]) -> None:
        names = _names(paths, self._target.root)
        if self._is_broken or any(path.suffix in (".py", ".toml") and not self._is_asset(path) for path in paths):
            note("~", f"{names} changed: starting again")
            self._stop()
            self._start(self._order)
        elif self._child is not None:
            note("~", f"{names} changed: shown in open pages")
            self._child.tell(changed=[str(path) for path in paths])

    def _heard(self, message: dict[str, object]) -> None:
        """The child serves, or says that it shows a failure instead."""
        self._is_broken = message["kind"] == "broken"
        seconds = time.monotonic() - self._began
        folders = tuple(Path(str(folder)) for folder in list(message["folders"]))  # type: ignore[call-overload]
        if not self._is_broken and folders != self._folders:
            self._watch(folders)
        if not self._banner_shown:
            self._banner()
        elif not self._is_broken:
            note("✓", f"ready again in {seconds:.2f} s", "green")
        if self._is_broken:
            note("✗", "the program could not be started; mend it and save, this goes on by itself", "red")

    def _ended(self, code: int) -> None:
        """The child is gone, and not because it was told to: say so in the browser, too."""
        words = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        note("✗", f"the program has ended by itself ({words}); waiting for the next save", "red")
        self._is_broken = True
        text = f"The process that ran {self._target.name} has ended by itself ({words}).\nThe terminal may say more."
        self._start(msgspec.structs.replace(self._order, broken=text))

    def _watch(self, folders: tuple[Path, ...]) -> None:
        before = self._watcher
        if before is not None:
            before.stop()
        self._folders = folders
        watched = watching.Watched(self._target.root, (*folders, *self._extra))
        self._watcher = watching.Watcher(watched, lambda paths: self._queue.put(Changed(paths)), before)

    def _is_asset(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self._folders)

    def _banner(self) -> None:
        self._banner_shown = True
        host, port = self._order.host, self._order.port
        shown = "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0", "::") else host  # noqa: S104
        url = f"http://{shown}:{port}/"
        how = "watchfiles" if watching.by_watchfiles() else "polling; `pip install watchfiles` is faster"
        folders = "".join(f", {_names([each], self._target.root)}/" for each in (*self._folders, *self._extra))
        click.echo(err=True)
        click.echo(f"  {click.style('livets dev', bold=True)}  {click.style(url, fg='cyan', underline=True)}", err=True)
        click.echo(f"  app      {self._target.name} in {self._target.root} ({self._target.origin})", err=True)
        click.echo(f"  watching Python in {self._target.root.name}/{folders} ({how})", err=True)
        click.echo("  stop     Ctrl+C\n", err=True)
        if self._open_browser:
            webbrowser.open(url)


def _names(paths: frozenset[Path] | list[Path], root: Path) -> str:
    """File names as a person would say them; the first three."""
    names = sorted(str(path.relative_to(root)) if path.is_relative_to(root) else str(path) for path in paths)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
