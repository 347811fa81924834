"""One template of another project: rendered, changed at random, and held against plain Jinja2 each time.

It owns what is tried and what counts as wrong. A template that Jinja2 itself can't render with stubs is no trial.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import jinja2

from benchmarks.templates.checkout import Checkout
from benchmarks.templates.stubs import Stub
from livets.errors import TemplateError
from livets.mirror.liveroot import LiveRoot
from livets.mirror.nodes import parse, serialise
from livets.render import CompiledTemplate, opaque_parts
from livets.render.environment import MappingScope
from tests.support.opaque_share import counted  # only a checkout has it

_CHANGED: Final = 0.35
"""The share of the names that one change gives another value."""
_MARKERS: Final = re.compile(r"<!--(?:\[(?:-?\d+)?|\])-->")


@dataclass(slots=True)
class Outcome:
    """What became of one template."""

    name: str
    fault: str = ""
    """Why it was refused or wrong; empty when the page was always that of Jinja2."""
    wrong: bool = False
    slots: int = 0
    inside: int = 0
    """Nodes that came as HTML."""
    reasons: Counter[str] = field(default_factory=Counter)


class Wrong(Exception):
    """The page is not that of Jinja2."""


def tried(checkout: Checkout, path: Path, *, states: int, changes: int, seed: int) -> Outcome | None:
    """The outcome of a template; None when it has nothing dynamic, or Jinja2 can't render it with stubs."""
    source = checkout.read(path)
    if "{{" not in source and "{%" not in source:
        return None
    checkout.asking = path
    name = str(path.relative_to(checkout.root))
    templates, random = checkout.fresh(), Random(f"{seed}:{name}")
    environment = templates.environment
    try:
        names = sorted(checkout.names(environment, path))
        plain = environment.from_string(source)
        plain.render(_state(names, dict.fromkeys(names, 0)))
    except Exception:  # a project's own code may fail in any way with stubs, or its files are not there
        return None
    outcome = Outcome(name)
    try:
        for _ in range(states):
            template = templates.from_string(source, name=name)
            _one_page(template, plain, names, random, changes, outcome)
    except TemplateError as error:
        outcome.fault = f"refused: {error}"
    except Wrong as error:
        outcome.fault, outcome.wrong = f"wrong: {error}", True
    except Exception as error:
        outcome.fault, outcome.wrong = f"failed: {type(error).__name__}: {error}", True
    return outcome


def _one_page(
    template: CompiledTemplate, plain: jinja2.Template, names: list[str], random: Random, changes: int, outcome: Outcome
) -> None:
    seeds = {name: random.randrange(1000) for name in names}
    values = _state(names, seeds)
    fresh = _fresh(plain, values)
    if fresh is None:
        return
    rendering, scope = template.start(), MappingScope(values)
    html = rendering.html(scope)
    if _MARKERS.sub("", html) != _MARKERS.sub("", fresh):
        raise Wrong("the first page")
    page = LiveRoot(rendering.template.shape, html=html)
    slots, inside = counted(rendering.template, scope)
    outcome.slots, outcome.inside = outcome.slots + slots, outcome.inside + inside
    outcome.reasons.update(f"{part.file}:{part.line} {part.reason}" for part in opaque_parts(rendering.template))
    for number in range(changes):
        dirty = {name for name in names if random.random() < _CHANGED} or set(names[:1])
        again = seeds | {name: random.randrange(1000) for name in dirty}
        fresh = _fresh(plain, _state(names, again))
        if fresh is None:
            continue
        dirty = {name for name in dirty if seeds[name] != again[name]}
        seeds = again
        values.update(_state(names, seeds))
        patch = rendering.diff(scope, frozenset(dirty))
        patch.commit()
        page.apply(patch.diff)
        if page.html() != serialise(parse(fresh)):
            raise Wrong(f"the page after change {number + 1}, of {', '.join(sorted(dirty))}")


def _state(names: list[str], seeds: dict[str, int]) -> dict[str, Any]:
    return {name: Stub(name, seeds[name]) for name in names}


def _fresh(plain: jinja2.Template, values: dict[str, Any]) -> str | None:
    """The page of Jinja2; None when it fails with these values."""
    try:
        return plain.render(values)
    except Exception:  # as above
        return None
