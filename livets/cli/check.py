"""`livets check`: finds mistakes in templates before a visitor does.

Owns how findings are shown; what is looked at is `looking`, the rules are in `lint`. Exit code 1 when there is
something to mend. Called by a person, by CI, or by an editor with --json.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from livets.cli.finding import find
from livets.cli.lint import Finding
from livets.cli.loading import live_apps, load
from livets.cli.looking import Looked
from livets.cli.output import Failure

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
        looked = Looked(live)
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


def _relative(finding: Finding) -> Finding:
    path = os.path.relpath(finding.file) if os.path.isabs(finding.file) else finding.file
    file = finding.file if path.startswith("..") else path
    return Finding(file, finding.line, finding.rule, finding.message, finding.hint)


def _show(findings: list[Finding], reports: list[dict[str, Any]], count: int) -> None:
    for report in reports:
        click.echo(f"{click.style(report['view'], bold=True)} ({report['template']}): {report['slots']} slots")
        for part in report["opaque"]:
            click.echo(f"  {part['file']}:{part['line']}: sent whole: {part['reason']}")
            if part["hint"]:
                click.echo(f"    {click.style('hint:', fg='cyan')} {part['hint']}")
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
