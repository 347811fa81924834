"""`livets …` as a process of its own, in a folder of the test's, with the checkout on PYTHONPATH.

with Command("dev", "--port", "0", folder=project) as dev:
    dev.says("livets dev"); httpx.get(dev.url)
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from tests.support.redis_server import dies_with_parent
from tests.support.wait import TimedOut, wait_for

ROOT = Path(__file__).parents[2]
_URL = re.compile(r"http://[\w.]+:(\d+)")


class Command:
    """A running command and all that it has written so far (stdout and stderr together)."""

    def __init__(self, *arguments: str, folder: Path, env: Mapping[str, str] | None = None) -> None:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("LIVETS_")}
        inherited |= {"LIVETS_CHROMIUM": os.environ["LIVETS_CHROMIUM"]} if "LIVETS_CHROMIUM" in os.environ else {}
        self._process = subprocess.Popen(
            [*dies_with_parent(), sys.executable, "-m", "livets", *arguments],
            cwd=folder,
            env={**inherited, "PYTHONPATH": str(ROOT), "LIVETS_STATE_DIR": str(folder / ".state"), **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        """Everything so far."""
        return "".join(self._lines)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def url(self) -> str:
        """Where it serves, as it said; waits until it has."""
        self.says(_URL.pattern)
        found = _URL.search(self.output)
        assert found is not None
        return f"http://127.0.0.1:{found[1]}"

    def says(self, pattern: str, *, times: int = 1, timeout_s: float = 60.0) -> None:
        """Wait until its output has `times` matches."""
        try:
            wait_for(lambda: len(re.findall(pattern, self.output)) >= times or self._ended(), timeout_s=timeout_s)
        except TimedOut as error:
            raise TimedOut(f"waited for {pattern!r} in:\n{self.output}") from error
        assert len(re.findall(pattern, self.output)) >= times, f"no {pattern!r} in:\n{self.output}"

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Its exit code, once it has ended."""
        code = self._process.wait(timeout_s)
        self._reader.join(5)
        return code

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def __enter__(self) -> Command:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _ended(self) -> bool:
        return self._process.poll() is not None

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.append(line)
