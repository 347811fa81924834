"""Tells, while the program is being written, what `livets check` would find: in the terminal, at each save.

Owns the thread that looks (rules take milliseconds a template, and pages must not wait for them) and that each finding
is said once. A fault of a rule ends the looking, never the program. Called by the process that `livets dev` starts.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence

import click

from livets.app import LiveTS
from livets.cli.lint import Finding
from livets.cli.looking import Looked
from livets.cli.output import note

_log = logging.getLogger("livets")


class Adviser:
    """Looks at the templates of these applications when it is asked to."""

    def __init__(self, lives: Sequence[LiveTS]) -> None:
        self._lives = lives
        self._said: set[Finding] = set()
        self._lock = threading.Lock()

    def look(self) -> None:
        """Begin to look; what is found is said when it is known."""
        threading.Thread(target=self._look, daemon=True, name="livets-adviser").start()

    def _look(self) -> None:
        with self._lock:
            try:
                found = self._findings()
            except Exception:
                _log.warning("the templates could not be checked; please report this", exc_info=True)
                return
            for finding in sorted(found - self._said):
                note("!", _words(finding), "yellow")
            self._said = found

    def _findings(self) -> set[Finding]:
        found: set[Finding] = set()
        for live in self._lives:
            looked = Looked(live)
            looked.look([])
            found |= {each for each in looked.findings if each.rule not in _SHOWN_ELSEWHERE}
        return found


_SHOWN_ELSEWHERE = frozenset(["template"])
"""A template that can't be compiled is told of by the page that asks for it."""


def _words(finding: Finding) -> str:
    file = os.path.relpath(finding.file) if os.path.isabs(finding.file) else finding.file
    place = click.style(f"{finding.file if file.startswith('..') else file}:{finding.line}", bold=True)
    hint = f"\n  {click.style('hint:', fg='cyan')} {finding.hint}" if finding.hint else ""
    return f"{place}: {finding.message}{hint}"
