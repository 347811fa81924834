"""`livets check`: finds mistakes in templates before a visitor does.

Owns which templates are looked at and how findings are shown; the rules are in `lint`. Exit code 1 when there is
something to mend. Called by a person, by CI, or by an editor with --json.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from livets.app import LiveTS
from livets.cli.finding import find
from livets.cli.lint import Finding, Source, check_source, shown_by
from livets.cli.lint.views import from_file
from livets.cli.loading import live_apps, load
from livets.cli.output import Failure
from livets.errors import LivetsError
from livets.live import LiveView
from livets.live.display import compile_template
from livets.render import Templates

_SUFFIXES = frozenset([".html", ".htm", ".jinja", ".jinja2", ".j2"])
EPILOG = """\b
Examples:
  livets check
  livets check templates/todo.html
  livets check --slots                what is sent whole, and why
  livets check --json > findings.json

\b
What is meant so is accepted by a comment on the same line or above it:
  {# livets: ok safe #}
"""


@click.command(epilog=EPILOG)
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--app", metavar="MODULE:ATTRIBUTE", help="The application, if it is not the project's own.")
@click.option("--slots", is_flag=True, help="Say which parts of each template are opaque: sent whole, and why.")
@click.option("--json", "as_json", is_flag=True, help="For programs: an object with findings (and slots).")
def check(paths: tuple[Path, ...], app: str | None, slots: bool, as_json: bool) -> None:
    """Look for mistakes in the templates of all views.

    Events without a handler, arguments that do not fit, directives that do not exist, lists without keys, places where
    escaping does not help. PATHS are files or folders to look at; without them everything.
    """
    lives = live_apps(load(find(app, Path.cwd())))
    if not lives:
        raise Failure("there is no LiveTS in this application")
    wanted = [path.resolve() for path in paths]
    findings: list[Finding] = []
    reports: list[dict[str, Any]] = []
    count = 0
    for live in lives:
        looked = _Looked(live)
        count += looked.look(wanted)
        findings += looked.findings
        reports += looked.reports() if slots else []
    findings = sorted({_relative(finding) for finding in findings})
    if as_json:
        shown = {"findings": [asdict(finding) for finding in findings], **({"slots": reports} if slots else {})}
        click.echo(json.dumps(shown, indent=2))
    else:
        _show(findings, reports, count)
    if findings:
        raise SystemExit(1)


class _Looked:
    """One application's templates, and what was found in them."""

    def __init__(self, live: LiveTS) -> None:
        self._live = live
        self._templates = live.worker.templates
        self._views = sorted(_views(live), key=lambda view: (view.__module__, view.__qualname__))
        self._chosen: list[type[LiveView]] = []
        self.findings: list[Finding] = []

    def look(self, wanted: list[Path]) -> int:
        """Check what is in these files or folders (everything when there are none); how many templates that was."""
        sources: dict[tuple[str, str], tuple[Source, list[type[LiveView]]]] = {}
        for view in self._views:
            for shown in shown_by(view, self._templates):
                place = (shown.source.file, shown.source.name)
                if _is_wanted(shown.source.file, wanted):
                    sources.setdefault(place, (shown.source, []))[1].append(view)
                    if shown.is_main:
                        self._chosen.append(view)
        for source in _others(self._templates, self._live.config.templates):
            if _is_wanted(source.file, wanted):
                sources.setdefault((source.file, source.name), (source, []))
        for source, views in sources.values():
            self.findings += check_source(source, views)
        for view in self._views if not wanted else self._chosen:
            self._compile(view)
        return len(sources)

    def reports(self) -> Iterator[dict[str, Any]]:
        """What each view's template is made of."""
        for view in self._chosen:
            try:
                template = compile_template(view, self._templates)
            except LivetsError:
                continue  # said already
            parts = getattr(template, "opaque", [])
            yield {
                "view": view.__qualname__,
                "template": view.template_name or "inline",
                "slots": _count(getattr(template, "shape", [])),
                "opaque": [{"file": part.file, "line": part.line, "reason": part.reason} for part in parts],
                "advice": [{"file": note.file, "line": note.line, "message": note.message} for note in template.advice],
            }

    def _compile(self, view: type[LiveView]) -> None:
        """A template that can't be compiled is a finding, too."""
        if not (view.template or view.template_name):
            return
        try:
            compile_template(view, self._templates)
        except LivetsError as error:
            shown = next(iter(shown_by(view, self._templates)), None)
            file = shown.source.file if shown is not None else view.template_name
            line = shown.source.first_line if shown is not None else 1
            self.findings.append(Finding(file, line, "template", str(error)))


def _views(live: LiveTS) -> set[type[LiveView]]:
    """The views with a path, and every other one that the program has defined and that shows something."""
    found = {route.view_class for route in live.worker.routes}
    waiting: list[type[LiveView]] = LiveView.__subclasses__()
    while waiting:
        view = waiting.pop()
        waiting += view.__subclasses__()
        if not view.__module__.startswith("livets.") and (view.template or view.template_name):
            found.add(view)
    return found


def _others(templates: Templates, folders: Iterable[Path]) -> Iterator[Source]:
    """Files in the template folders, layouts among them."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in _SUFFIXES and path.is_file():
                source = from_file(path.relative_to(folder).as_posix(), templates)
                if source is not None:
                    yield source


def _is_wanted(file: str, wanted: list[Path]) -> bool:
    path = Path(file).resolve()
    return not wanted or any(path == each or path.is_relative_to(each) for each in wanted)


def _relative(finding: Finding) -> Finding:
    path = os.path.relpath(finding.file) if os.path.isabs(finding.file) else finding.file
    file = finding.file if path.startswith("..") else path
    return Finding(file, finding.line, finding.rule, finding.message, finding.hint)


def _count(shape: list[Any]) -> int:
    """Slots of a shape, those inside branches and rows included (docs/protocol.md)."""
    total = 0
    for block in shape:
        for slot in block[1]:
            inner = slot[2] if slot[0] == 4 else [slot[2]] if slot[0] == 5 else []
            total += 1 + _count(inner)
    return total


def _show(findings: list[Finding], reports: list[dict[str, Any]], count: int) -> None:
    for report in reports:
        click.echo(f"{click.style(report['view'], bold=True)} ({report['template']}): {report['slots']} slots")
        for part in report["opaque"]:
            click.echo(f"  {part['file']}:{part['line']}: sent whole: {part['reason']}")
        for note in report["advice"]:
            click.echo(f"  {note['file']}:{note['line']}: {note['message']}")
    for finding in findings:
        place = click.style(f"{finding.file}:{finding.line}", bold=True)
        click.echo(f"{place}: {click.style(finding.rule, fg='red')}: {finding.message}")
        if finding.hint:
            click.echo(f"    {click.style('hint:', fg='cyan')} {finding.hint}")
    noun = f"{count} template{'' if count == 1 else 's'}"
    if findings:
        click.echo(f"\n{len(findings)} to mend in {noun}.", err=True)
    else:
        click.echo(click.style(f"{noun} checked, nothing to mend.", fg="green"), err=True)
