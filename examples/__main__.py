"""`python -m examples [--host H] [--port P]`: the demo, in one process, with no service running."""

from __future__ import annotations

import click


@click.command(epilog="Example: python -m examples --port 9000")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
def main(host: str, port: int) -> None:
    """Serve the livets examples: a counter, a shared to-do list, a chat, a workflow."""
    from examples.demo import app

    click.echo(f"livets demo on http://{'localhost' if host == '127.0.0.1' else host}:{port}/  (Ctrl+C stops it)")
    app.run(port=port, host=host)


if __name__ == "__main__":
    main()
