"""Templates that choose in a condition what they extend; macros with names of their own."""

# ruff: noqa: E501 - a template reads best as it is written
from __future__ import annotations

from hypothesis import strategies as st

from tests.support.corpus.cases import Case, flags, rows, state, texts, words

_LAYOUTS = {
    "wide.html": """<header>{{ t }}</header><main>{% block body %}wide{% endblock %}</main>{% block foot %}<footer>{{ w }}</footer>{% endblock %}""",
    "narrow.html": """{% extends "wide.html" %}{% block body %}<div class="narrow">{% block inner %}{{ w }}{% endblock %}</div>{% endblock %}""",
}

CASES = [
    Case(
        "extends_in_a_condition",
        """{% if on %}
  {% extends "wide.html" %}
{% elif w %} {% extends "narrow.html" %}
{% endif %}<section>{% block body %}<b>{{ t }}</b>{% block inner %}<i>{{ w }}</i>{% endblock %}{% endblock %}</section>""",
        state(on=flags, t=texts, w=words),
        _LAYOUTS,
    ),
    Case(
        "macros_that_read_too_early",
        """{% macro menu(items) %}{% for item in items %}{% if item.on %}{% for part in item.t %}{% if kind %}{{ kind }}{% endif %}{{ part }}{% endfor %}{% set kind = "on" %}<li class="{{ kind }}">{{ item.t }}</li>{% endif %}{% endfor %}{% endmacro %}{% macro link(item) %}<a id="a{{ item.id }}">{{ item.t }}</a>{% endmacro %}<ul>{{ menu(rs) }}</ul><p>{{ t }}</p>{% for r in rs %}<div>{{ link(r) }}</div>{% endfor %}""",
        state(rs=rows(4, t=words, on=flags), t=texts, w=st.just("")),
    ),
]
