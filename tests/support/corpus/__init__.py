"""Realistic templates with generators of states, for everything that renders."""

from tests.support.corpus.cases import Case
from tests.support.corpus.constructs import CASES as CONSTRUCTS
from tests.support.corpus.field import CASES as FIELD
from tests.support.corpus.layouts import CASES as LAYOUTS
from tests.support.corpus.macros import CASES as MACROS
from tests.support.corpus.pages import CASES as PAGES
from tests.support.corpus.rows import CASES as ROWS
from tests.support.corpus.shapes import CASES as SHAPES
from tests.support.corpus.sites import CASES as SITES

CASES: list[Case] = [*PAGES, *SHAPES, *SITES, *CONSTRUCTS, *ROWS, *LAYOUTS, *MACROS, *FIELD]

EXTENSIONS = ["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"]
"""What the templates of the corpus need; the translations are those of `gettext.NullTranslations`."""

__all__ = ["CASES", "EXTENSIONS", "Case"]
