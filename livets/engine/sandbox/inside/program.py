"""The task "program": becomes the program that was named."""

from __future__ import annotations

import json
import os
import signal

from livets.engine.sandbox.inside import worker


def prepare() -> None:
    """Nothing has to be ready."""


def run(request: bytes, blob: bytes) -> int:
    """Become the program; answers only when that cannot be."""
    job = json.loads(request)
    os.set_inheritable(worker.RESULT, False)
    for number in (signal.SIGPIPE, signal.SIGINT):  # Python ignores them, and programs would inherit that
        signal.signal(number, signal.SIG_DFL)
    environment = {"HOME": os.getcwd(), "TMPDIR": os.getcwd(), **job["environment"]}
    try:
        os.execve(job["argv"][0], job["argv"], environment)  # noqa: S606 - no shell is meant here
    except (OSError, ValueError) as error:
        worker.answer({"error": {"kind": "program", "message": f"{job['argv'][0]!r:.200} does not start: {error}"}})
    return 127
