"""The `livets` command: new, dev, run, routes, check.

Owns what a person types and reads in a terminal. Nothing below this package knows that it exists; the entry points
(`livets`, `python -m livets`) call `main`.
"""

from livets.cli.group import main

__all__ = ["main"]
