"""`python -m livets` is `livets`."""

from __future__ import annotations

from livets.cli import main

if __name__ == "__main__":
    main(prog_name="livets")
