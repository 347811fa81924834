"""`python -m examples.flow`: starts the workflow and shows it, until Ctrl+C."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import click

from examples.flow.watching import folder, studio
from livets import LiveTS


@click.command()
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
def main(port: int) -> None:
    """Run the example's workflow and watch it in the browser."""
    shown = studio()

    @contextlib.asynccontextmanager
    async def lifespan(_app: LiveTS) -> AsyncIterator[None]:
        async with shown.runtime, shown.lifespan():
            run = await shown.start("weekly_sales")
            click.echo(f"watch it on http://localhost:{port}/runs/{run}  (Ctrl+C ends it)")
            click.echo(f"it waits for your approval, then writes {folder() / 'reports' / 'report.md'}")
            yield

    app = LiveTS(title="Weekly sales", lifespan=lifespan, csp="strict", static=None, session_cookie="livets_studio")
    shown.add_to(app)
    with contextlib.suppress(KeyboardInterrupt):
        app.run(port=port, log_level="warning")


if __name__ == "__main__":
    main()
