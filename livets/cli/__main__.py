"""`python -m livets.cli ORDER`: a process that serves, started by `processes` (people call `python -m livets`)."""

from __future__ import annotations

import sys

import msgspec

from livets.cli.child import Order, main

if __name__ == "__main__":
    main(msgspec.json.decode(sys.argv[1], type=Order))
