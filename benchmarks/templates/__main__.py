"""A row of the table in docs/templates.md: templates of another project, with stub values, changed at random.

    python -m benchmarks.templates CHECKOUT [FOLDER ...] [--most 40] [--states 3] [--changes 6] [--seed 1] [--why]

CHECKOUT is a folder that is there; nothing is fetched. FOLDER: where in it the templates are (all of it without).
After each change the page is held against plain Jinja2. Exit code 1 if one was wrong; `--why` lists what came as HTML.
"""

from __future__ import annotations

import logging
import sys
from collections import Counter
from pathlib import Path

import click

from benchmarks.templates.checkout import Checkout
from benchmarks.templates.trial import Outcome, tried


@click.command()
@click.argument("checkout", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("folders", nargs=-1)
@click.option("--most", default=40, help="So many templates at most.")
@click.option("--states", default=3, help="Pages of each template.")
@click.option("--changes", default=6, help="Changes of each page.")
@click.option("--seed", default=1, help="The same seed, the same values.")
@click.option("--why", is_flag=True, help="List what came as HTML, and why.")
def main(
    checkout: Path, folders: tuple[str, ...], most: int, states: int, changes: int, seed: int, *, why: bool
) -> None:
    """Print the row, and what was wrong or refused."""
    found = Checkout(checkout, folders)
    outcomes: list[Outcome] = []
    for path in found.templates:
        outcome = tried(found, path, states=states, changes=changes, seed=seed)
        if outcome is not None:
            outcomes.append(outcome)
        if len(outcomes) >= most:
            break
    click.echo(row(checkout.name, outcomes))
    for outcome in outcomes:
        if outcome.fault:
            click.echo(f"  {outcome.name}: {outcome.fault}")
    if why:
        reasons = sum((outcome.reasons for outcome in outcomes), Counter[str]())
        for reason, nodes in reasons.most_common():
            click.echo(f"  {nodes:6d} {reason}")
    sys.exit(any(outcome.wrong for outcome in outcomes))


def row(name: str, outcomes: list[Outcome]) -> str:
    """The row of the table: how many were tried, how many always equal to Jinja2, the share of nodes in slots.

    >>> row("site", [Outcome("a.html", slots=3, inside=1), Outcome("b.html", fault="refused")])
    '| site | 2 | 1 | 75 % |'
    """
    slots, inside = sum(each.slots for each in outcomes), sum(each.inside for each in outcomes)
    share = f"{slots / (slots + inside):.0%}".replace("%", " %") if slots + inside else "-"
    return f"| {name} | {len(outcomes)} | {sum(not each.fault for each in outcomes)} | {share} |"


if __name__ == "__main__":
    logging.getLogger("livets").setLevel(logging.CRITICAL)  # advice about templates of others
    main()
