"""Random templates with random states: the page equals a fresh render, whatever people think of."""

from __future__ import annotations

from random import Random

import jinja2
import pytest

from livets.render.environment import LiveEnvironment
from tests.support.random_templates import Grammar, random_state
from tests.unit.render.conftest import Bench


def run(seed: int, depth: int) -> None:
    random = Random(seed)
    source = Grammar(random).nodes(depth, [])
    values = random_state(random)
    plain = LiveEnvironment(autoescape=True).from_string(source)
    try:
        bench = Bench(source, values)
        bench.check_first()
        for _ in range(6):
            values = random_state(random)
            bench.change(values)
    except (jinja2.UndefinedError, TypeError):
        with pytest.raises((jinja2.UndefinedError, TypeError)):
            plain.render(values)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {source}") from error


@pytest.mark.parametrize("start", range(0, 40, 10))
def test_random_templates(start: int) -> None:
    for seed in range(start, start + 10):
        run(seed, 2)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("start", range(1000, 9000, 1000))
def test_many_random_templates(start: int) -> None:
    for seed in range(start, start + 1000):
        run(seed, 2 + seed % 2)
