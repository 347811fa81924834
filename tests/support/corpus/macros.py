"""Macros as people write them: that call themselves or each other, with call blocks, from files that hand them on."""
# ruff: noqa: E501 - templates stand here as people write them

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.corpus.cases import Case, flags, rows, scalars, state, texts, words

leaves = st.fixed_dictionaries({"t": texts, "kids": st.just([])})
nodes = st.recursive(
    leaves,
    lambda kids: st.fixed_dictionaries({"t": texts, "kids": st.lists(kids, max_size=2)}),
    max_leaves=5,
)
trees = st.lists(nodes, max_size=3)

CASES = [
    Case(
        "menu_that_calls_itself",
        """{% macro menu(items, depth=0) %}<ul class="depth-{{ depth }}">{% for item in items %}
  {% if item.kids %}{% set cls = 'open' if on else 'shut' %}{% endif %}
  <li class="{{ cls }}{% if item.t == here %} here{% endif %}">{{ item.t }}{% if item.kids %}{{ menu(item.kids, depth + 1) }}{% endif %}</li>
{% endfor %}</ul>{% endmacro %}<nav>{{ menu(tree) }}</nav><p>{{ here }}</p>""",
        state(tree=trees, on=flags, here=texts),
    ),
    Case(
        "thread_of_comments_in_call_blocks",
        """{% macro card(by) %}<article title="{{ by }}">{{ caller(by ~ "!") }}</article>{% endmacro %}
{%- macro thread(all) %}{% for each in all %}{% call(who) card(each.t) %}<b>{{ who }}</b><div>{{ thread(each.kids) }}</div>{% endcall %}{% else %}<i>none</i>{% endfor %}{% endmacro %}
<section>{{ thread(tree) }}</section><p>{{ a }}</p>""",
        state(tree=trees, a=texts),
    ),
    Case(
        "macros_that_call_each_other",
        """{% macro first(all) %}<ol>{% for each in all %}<li>{{ each.t }}{{ second(each) }}</li>{% endfor %}</ol>{% endmacro %}
{%- macro second(one) %}{% if one.kids %}<div>{{ first(one.kids) }}{{ sign(one.t) }}</div>{% endif %}{% endmacro %}
{%- macro sign(t) %}<em>{{ t }}{{ a }}</em>{% endmacro %}<div>{{ first(tree) }}</div>{{ sign(a) }}""",
        state(tree=trees, a=texts),
    ),
    Case(
        "varargs_and_kwargs",
        """{% macro tag(text) %}<span class="{{ kwargs.cls }}"{% if kwargs.title %} title="{{ kwargs.title }}"{% endif %}>{{ text }}{% for more in varargs %}<b>{{ more }}</b>{% endfor %}</span>{% endmacro %}
{%- macro all() %}<p>{{ varargs|join(", ") }}|{{ kwargs|length }}</p>{% endmacro %}
{{ tag(a, b, 3, cls=c) }}{{ tag(b, title=a, cls="x") }}{{ tag(text=c) }}{{ all() }}{{ all(a, b, x=1, y=2) }}""",
        state(a=scalars, b=texts, c=words),
    ),
    Case(
        "callers_that_are_given_on",
        """{% macro outer(t) %}{% set inside = caller %}{% call box(t) %}<b>{{ inside() }}</b>{% endcall %}{% endmacro %}
{%- macro box(t, caller=none) %}<div><h2>{{ t }}</h2>{% if caller %}{{ caller() }}{% else %}<i>empty</i>{% endif %}</div>{% endmacro %}
{% call outer(a) %}<u>{{ b }}</u>{% endcall %}{{ box(b) }}{% set again = box %}{{ again(a) }}""",
        state(a=texts, b=texts),
    ),
    Case(
        "library_that_hands_on",
        """{% import "forms.html" as form %}<form>{{ form.text("a", a) }}{{ form.both(b, on) }}
{% for row in rows %}<fieldset data-key="{{ row.id }}">{{ form.text(row.id, row.v, off=on) }}</fieldset>{% endfor %}</form>""",
        state(a=texts, b=texts, on=flags, rows=rows(v=texts)),
        files={
            "forms.html": """{% from "text.html" import text %}{% from "check.html" import check %}{% import "text.html" as t %}s
{% set text = text %}{% set tick = check %}{% macro both(v, on) %}{{ t.text("v", v) }}{{ tick("on", on) }}{% endmacro %}""",
            "text.html": """{% macro text(name, value="", off=false) %}{% if off %}{% set cls = "off" %}{% endif %}
<label class="{{ cls }}">{{ name }}<input name="{{ name }}" value="{{ value }}"></label>{% endmacro %}""",
            "check.html": "{% macro check(name, on) %}<label><input type=checkbox name={{ name }}{% if on %} checked{% endif %}>{{ name }}</label>{% endmacro %}",
        },
    ),
    Case(
        "macro_that_changes_its_argument",
        """{% from "lists.html" import note, plain %}{% set seen = [] %}<ul>{% for n in ns %}<li>{{ note(seen, n) }}</li>{% endfor %}</ul>
<p>{{ seen|join("+") }}</p>{{ plain(a) }}<i>{{ a }}</i>""",
        state(ns=st.lists(texts, max_size=3), a=texts),
        files={
            "lists.html": "{% macro note(into, x) %}{% do into.append(x) %}<b>{{ into|length }}</b>{% endmacro %}{% macro plain(x) %}<u>{{ x }}</u>{% endmacro %}"
        },
        opaque=1,
    ),
]
