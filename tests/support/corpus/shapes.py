"""Templates that try every construct, and some that try the compiler's patience."""
# ruff: noqa: E501 - templates stand here as people write them

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.corpus.cases import Case, flags, numbers, rows, scalars, state, texts, words

_MACROS = """{% macro field(name, value) %}<label>{{ name }} <input value="{{ value }}"></label>{% endmacro %}
{% macro boxed(kind) %}<div class="{{ kind }}">{{ caller() }}</div>{% endmacro %}"""

CASES = [
    Case(
        "inheritance",
        """{% extends "base.html" %}{% set title = "T" ~ name %}
{% block main %}<h2>{{ title }}</h2>{{ super() }}<ul>{% for x in xs %}<li>{{ x }}</li>{% endfor %}</ul>{% endblock %}""",
        state(name=texts, xs=st.lists(scalars, max_size=4), side=flags),
        {
            "base.html": """<div class="layout"><h1>{{ title }}</h1>{% block main %}<p>base {{ name }}</p>{% endblock %}
{% include "side.html" %}{% block foot %}<footer>{{ name }}</footer>{% endblock %}</div>""",
            "side.html": "{% set name = 'inner ' ~ name %}{% if side %}<aside>{{ name }}</aside>{% endif %}",
        },
    ),
    Case(
        "sets",
        """{% set total = items|map(attribute='n')|sum %}{% set big = total > 5 %}<p>{{ total }}{% if big %} big{% endif %}</p>
{% if flag %}{% set label = "on " ~ total %}{% else %}{% set label = "off" %}{% endif %}<b title="{{ label }}">{{ label }}</b>
<ul>{% for item in items %}{% set double = item.n * 2 %}{% set up = double + offset %}<li id="i{{ item.id }}">{{ double }} {{ up }} {{ label }}</li>{% endfor %}</ul>
{% with a = offset, b = total %}<i>{{ a }}-{{ b }}</i>{% endwith %}<i>{{ a }}</i>""",
        state(items=rows(n=st.integers(0, 4)), flag=flags, offset=st.integers(0, 3), a=words),
    ),
    Case(
        "macros",
        """{% import "macros.html" as m %}{% macro local(x) %}<b>{{ x }} {{ who }}</b>{% endmacro %}
<div>{{ local(name) }} and {{ m.field("n", name) }}</div>{% call m.boxed(kind) %}<p>{{ name }}</p>{% endcall %}
<ul>{% for row in rows %}<li id="{{ row.id }}">{{ local(row.name) }}</li>{% endfor %}</ul><p>{{ who }}</p>""",
        state(name=texts, who=words, kind=words, rows=rows(name=texts)),
        {"macros.html": _MACROS},
        opaque=0,
    ),
    Case(
        "opaque_regions",
        """<div>{% filter upper %}<p>{{ a }}</p>{% endfilter %}</div>{% set ns = namespace(n=0) %}
<section>{% for x in xs %}{% set ns.n = ns.n + x %}{% endfor %}<b>{{ ns.n }}</b></section>
<article>{% if a %}<div class="x">{% else %}<div>{% endif %}<p>{{ a }}</p></div></article>
<script>let a = {{ xs|tojson }};</script><p>{{ a }}</p>{% autoescape false %}<i>{{ c }}</i>{% endautoescape %}""",
        state(a=texts, xs=st.lists(st.integers(0, 3), max_size=3), c=st.sampled_from(["a", "<b>x</b>"])),
        opaque=3,
    ),
    Case(
        "nested_loops",
        """{% for group in groups %}<section id="g{{ group.id }}"><h3>{{ group.title }} {{ loop.index }}</h3><ul>
{% for item in group.entries %}<li id="{{ group.id }}-{{ item.id }}">{{ item.text }} {{ group.title }} {{ loop.index }}{% if item.text == pick %}!{% endif %}</li>
{% else %}<li>empty {{ group.title }}</li>{% endfor %}</ul></section>{% endfor %}""",
        state(groups=rows(3, title=words, entries=rows(4, text=words)), pick=words),
    ),
    Case(
        "foreign_parents",
        """<svg viewBox="0 0 {{ n }} 20"><defs>{% if flag %}<marker id="m"><circle r="{{ n }}"/></marker>{% endif %}</defs>
<g>{% for x in xs %}<g class="a{{ x }}">{% if flag %}<circle cx="{{ x }}"/><text>{{ a }}<tspan>{{ x }}</tspan></text>{% else %}<desc>{{ a }}</desc>{% endif %}</g>{% endfor %}</g></svg>
<x-list title="{{ a }}">{% for x in xs %}<x-row>{% if flag %}<b>{{ x }}</b>{% else %}{{ a }}{% endif %}</x-row>{% else %}none{% endfor %}</x-list>
<math><mrow>{% for x in xs %}<msup><mi>{{ a }}</mi><mn>{{ x }}</mn></msup>{% endfor %}</mrow></math>""",
        state(n=numbers, flag=flags, a=texts, xs=st.lists(st.integers(0, 9), max_size=4)),
    ),
    Case(
        "attributes",
        """<div {% if a %}class="on {{ x }}"{% else %}data-off{% endif %} title="fix{{ x }}ed" data-n={{ n }}>
<a href="/p/{{ n }}?q={{ x|urlencode }}" {{ 'target=_blank rel=x' if a }} id="z">{{ x }}</a>
<p class="{% for c in cs %}c-{{ c }} {% endfor %}end" style="width: {{ n }}px">p</p>
<input value="{{ x }}"{% if a %} checked{% endif %}{% if b %} readonly{% endif %}><img alt='{{ x }}' src="{{ n }}.png" /></div>""",
        state(
            a=flags,
            b=flags,
            x=texts.filter(lambda t: True),
            n=st.integers(0, 9),
            cs=st.lists(st.sampled_from("pqr"), max_size=3),
        ),
    ),
    Case(
        "table",
        """<table><caption>{{ title }}</caption><thead><tr>{% for h in heads %}<th>{{ h }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in rows %}<tr id="{{ row.id }}">{% for h in heads %}<td>{{ row[h] }}</td>{% endfor %}</tr>
{% endfor %}</tbody>{% if rows %}<tfoot><tr><td>{{ rows|length }}</td></tr></tfoot>{% endif %}</table>""",
        state(
            title=texts,
            heads=st.lists(st.sampled_from(["id", "a", "b"]), max_size=3, unique=True),
            rows=rows(a=scalars, b=texts),
        ),
    ),
    Case(
        "implied_tbody",
        """<table>{% for row in rows %}<tr><td>{{ row }}</td></tr>{% endfor %}</table><p>{{ x }}</p>
<p>{% if x %}<div>{{ x }}</div>{% endif %}</p><ul>{% for row in rows %}<li>{{ row }}{% endfor %}</ul>""",
        state(rows=st.lists(words, max_size=3), x=words),
        opaque=3,
    ),
    Case(
        "index_rows",
        """<ol>{% for x in xs %}<li>{{ x }}{% if loop.first %} first{% endif %}{% if not loop.last %},{% endif %}</li>{% endfor %}</ol>
<p>{% for x in xs %}{{ x }} {% endfor %}</p>{% for x in xs|reverse %}<i>{{ x }}</i>{% endfor %}""",
        state(xs=st.lists(scalars, max_size=5)),
        opaque=0,
    ),
    Case(
        "keys",
        """<ul>{% for r in rows %}<li ts-key="{{ r.id }}-k" id="x{{ r.name }}">{{ r.name }}</li>{% endfor %}</ul>
<ul>{% for r in names %}<li id="{{ r }}"><input ts-model="draft" value="{{ draft }}">{{ loop.previtem }}</li>{% endfor %}</ul>""",
        state(rows=rows(name=words), names=st.lists(words, max_size=4), draft=words),
    ),
    Case(
        "shadows",
        """{% set x = "outer" %}<p>{{ x }}</p>{% for x in xs %}<b>{{ x }}{% set y = x %}{{ y }}</b>{% endfor %}<p>{{ x }}{{ y }}</p>
{% if flag %}{% set x = n %}{% endif %}<i>{{ x }}</i>{% set n = n + 1 %}<i>{{ n }}</i>{% include "inc.html" %}<i>{{ n }}</i>""",
        state(xs=st.lists(words, max_size=3), flag=flags, n=st.integers(0, 5), y=words),
        {"inc.html": "{% set n = n * 2 %}<u>{{ n }}{{ x }}</u>"},
    ),
    Case(
        "undefined",
        """<p>{{ missing }}{{ a.b }}{{ a['c'] }}{{ a.items2 }} {{ zero }} {{ a is defined }} {{ nope is defined }}</p>
{% if nope %}<b>no</b>{% endif %}{% for q in nope %}<i>{{ q }}</i>{% endfor %}<p class="{{ nope }}" {{ nope }}>{{ a.b if zero }}</p>""",
        state(a=st.fixed_dictionaries({}, optional={"b": scalars, "c": scalars}), zero=scalars),
    ),
    Case(
        "deep",
        """<div>{% if a %}<ul>{% for r in rows %}<li id="{{ r.id }}">{% if r.on %}<b class="{{ c }}">{{ r.t }}</b>{% for k in r.ks %}<i>{{ k }}{{ c }}</i>{% endfor %}
{% else %}<s>{{ r.t }}</s>{% endif %}</li>{% endfor %}</ul>{% else %}<p>{{ c }}</p>{% endif %}{% if not a %}{% if c %}<q>{{ c }}</q>{% endif %}{% endif %}</div>""",
        state(a=flags, rows=rows(on=flags, t=texts, ks=st.lists(words, max_size=3)), c=words),
    ),
    Case(
        "globals_and_calls",
        """<p>{{ range(n)|list }} {{ name.upper() }} {{ dict(a=n).a }} {{ [n, name]|first }}</p>{% for i in range(n) %}<b>{{ i }}</b>{% endfor %}
<p>{{ loop }}{{ (n, name)[0] }} {{ name[0:2] }} {{ n ~ name }} {{ n + 1 }} {{ -n }} {{ not n }} {{ n in [1, 2] }}</p>""",
        state(n=st.integers(0, 4), name=texts),
    ),
    Case(
        "markup_values",
        """<p>{{ body|safe }}!</p><div>{{ items|tojson }}</div><p title="{{ items|tojson|forceescape }}">{{ '<b>x</b>'|safe }}{{ "a<b" }}</p>
{% set block %}<em>{{ n }}</em>{% endset %}<div>{{ block }}</div>""",
        state(
            body=st.sampled_from(["", "a", "<b>x</b>", "a<i>b</i>c", "&amp;"]),
            items=st.lists(words, max_size=2),
            n=numbers,
        ),
    ),
    Case(
        "line_ends_after_pre",
        """<pre>{% if a %}{{ t }}{% endif %}</pre><pre>{{ t }}{% if a %}<b>{{ t }}</b>{% endif %}</pre>
<pre>{% for x in xs %}<i>{{ x }}</i>
{% endfor %}</pre><textarea>{{ t }}{{ u }}</textarea><div>{% if a %}<pre>{{ t }}{{ u }}</pre>{% endif %}</div>""",
        state(a=flags, t=texts, u=texts, xs=st.lists(texts, max_size=3)),
        opaque=1,
    ),
]
