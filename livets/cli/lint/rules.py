"""Every rule on one template, with the lines of the file that it stands in.

Owns the order of rules and the comments that accept a finding. Called by `check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from livets.cli.lint.contexts import unsafe
from livets.cli.lint.directives import unknown
from livets.cli.lint.finding import Finding, is_accepted
from livets.cli.lint.handlers import unhandled
from livets.cli.lint.loops import keys
from livets.cli.lint.names import unknown_names
from livets.cli.lint.source import Source
from livets.live import LiveView
from livets.render import CompiledTemplate


def check_source(source: Source, views: Sequence[type[LiveView]] = ()) -> list[Finding]:
    """What is wrong in a template that these views show; those that a comment accepts are left out."""
    found = {*unknown(source), *keys(source), *unsafe(source)}
    for view in views:
        found.update(unhandled(source, view))
    return _placed(source, found)


def check_names(view: type[LiveView], sources: Sequence[Source], template: CompiledTemplate) -> list[Finding]:
    """Names that the template of a view reads and that nobody gives it; `sources` are the files it is made of."""
    return [finding for source, found in unknown_names(view, sources, template) for finding in _placed(source, [found])]


def _placed(source: Source, found: Iterable[Finding]) -> list[Finding]:
    """Those that no comment accepts, with lines of the file."""
    return sorted(
        replace(finding, line=source.first_line + finding.line - 1)
        for finding in found
        if not is_accepted(finding.line, finding.rule, source.lines)
    )
