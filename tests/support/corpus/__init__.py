"""Realistic templates with generators of states, for everything that renders."""

from tests.support.corpus.cases import Case
from tests.support.corpus.pages import CASES as PAGES
from tests.support.corpus.shapes import CASES as SHAPES

CASES: list[Case] = [*PAGES, *SHAPES]

__all__ = ["CASES", "Case"]
