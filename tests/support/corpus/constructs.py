"""Each construct of Jinja2 in a small page, and white space that is hostile to compilers."""
# ruff: noqa: E501, W291 - templates stand here as people write them

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.corpus.cases import Case, flags, numbers, rows, scalars, state, texts, words

counts = st.integers(0, 4)
lists = st.lists(counts, max_size=4)
urls = st.sampled_from(
    ["/a?b=c&d", "https://a.example/", "javascript:alert(1)", "JAVA\tscript:x", "script:x", "mailto:a@b", ""]
)

CASES = [
    Case(
        "white_space_control",
        """
  {%- if a -%}
     <b>  {{- x -}}  </b>
  {%- endif -%}
  <ul>
  {%- for n in ns %}
    <li>
      {{- n }}
    </li>
  {%- endfor %}
  </ul>
{#- comment -#}
  <p>{{ x }}   {%+ if a %} y {% endif +%}   </p>	
  <pre>   {%- if a %}  {{ x }}{% endif %}
</pre>   """,
        state(a=flags, x=texts, ns=lists),
        opaque=1,
    ),
    Case(
        "text_everywhere",
        """{{ a }} {{ b }}text{{ a }}{% if c %} c {% endif %}{% for n in ns %}{{ n }} {% endfor %}
&nbsp;{{ a }}&lt;{% if c %}&amp;{{ b }}{% else %}&quot;{% endif %}.{% set x = b %}{{ x }}{{ a }}""",
        state(a=texts, b=scalars, c=flags, ns=lists),
    ),
    Case(
        "names_of_attributes",
        """<ul {{ attrs|xmlattr }}>{% for n in ns %}<li {% for k, v in attrs.items() %}{{ k }}="{{ v }}" {% endfor %}>{{ n }}</li>
{% endfor %}</ul><p class="p" {% if c %}{{ attrs|xmlattr }}{% endif %}>{{ a }}</p>""",
        state(
            attrs=st.dictionaries(st.sampled_from(["title", "lang", "data-x", "class"]), texts),
            c=flags,
            a=texts,
            ns=lists,
        ),
    ),
    Case(
        "macro_defaults",
        """{% macro tag(name, kind="b", n=name|length) %}<i class="{{ kind }}">{{ name }}:{{ n }}</i>{% endmacro %}{{ tag(a) }}{{ tag(b, kind=a) }}{{ tag(n=1, name=c) }}
<p>{{ tag(a, b, c) }} and {{ tag(c) }}</p>{% for x in ns %}<p>{{ tag(x ~ a) }}</p>{% endfor %}""",
        state(a=texts, b=words, c=words, ns=lists),
    ),
    Case(
        "call_blocks",
        """{% macro panel(title, open=true) %}<details{% if open %} open{% endif %}><summary>{{ title }}</summary>{{ caller() }}</details>{% endmacro %}
{% macro each(items) %}<ul>{% for item in items %}<li>{{ caller(item) }}</li>{% endfor %}</ul>{% endmacro %}
{% call panel(a, b) %}<p>{{ a }}</p>{% call(x) each(ns) %}<b>{{ x }}</b>{{ a }}{% endcall %}{% endcall %}
{% call(x) each([a, b]) %}{{ x }}{% endcall %}""",
        state(a=texts, b=flags, ns=lists),
    ),
    Case(
        "set_blocks",
        """{% set head %}<h1>{{ a }}</h1>{% endset %}{% set line %}{{ a }}-{{ b }}{% endset %}<header>{{ head }}</header><p title="{{ line }}">{{ line }}</p><div>{{ head }}{{ line }}</div>{% for n in ns %}<p>{{ line }} {{ n }}</p>{% endfor %}""",
        state(a=texts, b=words, ns=lists),
    ),
    Case(
        "loop_variables",
        """<ul>{% for x in xs %}<li id="{{ x.id }}">{{ loop.index }} {{ loop.index0 }} {{ loop.revindex }} {{ loop.revindex0 }} {{ loop.length }} {{ loop.depth }}{% if loop.first %} first{% endif %}{% if loop.last %} last{% endif %} {{ loop.cycle("a", "b", "c") }} {{ loop.previtem.t if not loop.first }} {{ loop.nextitem.t if not loop.last }}{% if loop.changed(x.t) %} new{% endif %}</li>{% endfor %}</ul>""",
        state(xs=rows(5, t=words)),
    ),
    Case(
        "loops_in_loops",
        """<table><tbody>{% for r in rs %}{% set outer = loop %}<tr id="r{{ r.id }}">{% for k in r.ks %}<td>{{ outer.index }}.{{ loop.index }} {{ k }} {{ r.t }}{% for n in ns %}<i>{{ n * k + outer.index0 }}</i>{% else %}-{% endfor %}</td>{% else %}<td>{{ r.t }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>""",
        state(rs=rows(3, t=words, ks=lists), ns=lists),
    ),
    Case(
        "tuple_loops",
        """<dl>{% for (k, v), n in pairs %}<div><dt>{{ k }}</dt><dd>{{ v }}{{ n }}{% for a, b in [(k, v)] %} {{ a ~ b }}{% endfor %}</dd></div>{% endfor %}</dl><p>{% for a, b in d.items() if b %}{{ a }}={{ b }} {% endfor %}</p>""",
        state(
            pairs=st.lists(st.tuples(st.tuples(words, words), counts), max_size=3),
            d=st.dictionaries(st.sampled_from("ab"), counts),
        ),
    ),
    Case(
        "scoping",
        """{% set x = a %}{% for n in ns %}{% set x = n %}<i>{{ x }}</i>{% endfor %}<b>{{ x }}</b>{% with x = x ~ 1, y = x %}<u>{{ x }}{{ y }}</u>{% set x = 5 %}<u>{{ x }}</u>{% endwith %}<b>{{ x }}{{ y }}</b>{% if c %}{% set x = "in" %}{% set z = x %}{% endif %}<b>{{ x }}{{ z }}</b>{% for a in ns %}<q>{{ a }}</q>{% endfor %}<b>{{ a }}</b>""",
        state(a=texts, ns=lists, c=flags, y=words),
    ),
    Case(
        "namespaces",
        """{% set ns = namespace(n=0, found=false) %}<ul>{% for x in xs %}<li>{{ x }}</li>{% set ns.n = ns.n + x %}{% if x == pick %}{% set ns.found = true %}{% endif %}{% endfor %}</ul><p>{{ ns.n }}{% if ns.found %} found{% endif %}</p><b>{{ pick }}</b>""",
        state(xs=lists, pick=counts),
        opaque=1,
    ),
    Case(
        "tests_and_operators",
        """<p>{{ a is defined }} {{ b is divisibleby 2 }} {{ a is string }} {{ b is even }} {{ a is in ["", "a"] }} {{ c is sameas true }} {{ b is number and b > 1 }}</p>
<p>{{ b + 1 }} {{ b // 2 }} {{ b % 2 }} {{ b ** 2 }} {{ -b }} {{ a ~ b }} {{ "x" * b }} {{ [1, 2, 3][:b] }} {{ {"k": a}["k"] }} {{ (1, a)[1] }} {{ b if c else a }} {{ not c }} {{ 1 < b <= 3 }} {{ b == 1 or c }}</p>{% if a and not c or b > 2 %}<p>yes</p>{% endif %}""",
        state(a=texts, b=counts, c=flags),
    ),
    Case(
        "many_filters",
        """<p>{{ xs|first|default("-") }} {{ xs|last }} {{ xs|length }} {{ xs|sum }} {{ xs|max }} {{ xs|sort(reverse=true)|join(",") }} {{ xs|unique|list }} {{ xs|map("string")|join }} {{ xs|select("odd")|list }} {{ xs|reject("odd")|list }} {{ xs|batch(2)|list }} {{ xs|slice(2)|list }} {{ xs|groupby("real")|length }}</p>
<p>{{ t|upper }} {{ t|title }} {{ t|trim }} {{ t|center(9) }} {{ t|indent(2) }} {{ t|replace("a", "b") }} {{ t|wordwrap(3) }} {{ t|escape }} {{ t|urlencode }} {{ t|list }} {{ t|int(7) }} {{ t|float(1.5) }} {{ n|round(1) }} {{ n|abs }} {{ t|tojson }} {{ t|forceescape }} {{ t|xmlattr if false }} {{ xs|tojson(indent=1) }}</p>""",
        state(xs=lists, t=texts, n=st.integers(-3, 3)),
    ),
    Case(
        "filter_sections",
        """<div>{% filter upper %}{{ a }} and {{ b }}{% endfilter %}</div><p>{% filter trim|title %} x {{ a }} {% endfilter %}{{ b }}</p><p>{{ a }}</p>{% set big | upper %}{{ a }}{% endset %}<p>{{ big }}</p>""",
        state(a=texts, b=words),
        opaque=1,
    ),
    Case(
        "recursive_tree",
        """<h2>{{ title }}</h2><ul>{% for t in tree recursive %}<li>{{ t.name }}{% if t.kids %}<ul>{{ loop(t.kids) }}</ul>{% endif %}</li>{% endfor %}</ul><p>{{ tree|length }} {{ title }}</p>""",
        state(
            title=texts,
            tree=st.lists(
                st.fixed_dictionaries(
                    {
                        "name": words,
                        "kids": st.lists(st.fixed_dictionaries({"name": words, "kids": st.just([])}), max_size=2),
                    }
                ),
                max_size=3,
            ),
        ),
        opaque=1,
    ),
    Case(
        "includes",
        """{% for x in xs %}{% include "row.html" %}{% endfor %}{% include "none.html" ignore missing %}{% include ["none.html", "row.html"] %}{% with x = t %}{% include "row.html" %}{% endwith %}<p>{{ t }}</p>""",
        state(xs=lists, t=texts),
        {"row.html": "{% set y = x %}<p class='row'>{{ y }}{{ t }}</p>"},
    ),
    Case(
        "three_levels",
        """{% extends "mid.html" %}{% block title %}{{ t }} - {{ super() }}{% endblock %}{% block body %}{{ super() }}<p>{{ x }}</p>{% block inner %}in {{ t }}{% endblock %}{% endblock %}""",
        state(t=texts, x=words, on=flags),
        {
            "mid.html": """{% extends "top.html" %}{% block title %}mid {{ x }}{% endblock %}{% block body %}<nav>{{ self.title() }}</nav>{{ super() }}{% endblock %}""",
            "top.html": """<h1>{% block title %}top{% endblock %}</h1>{% if on %}<div>{% block body %}<b>{{ t }}</b>{% endblock %}</div>{% endif %}""",
        },
    ),
    Case(
        "comments",
        """<!-- a static comment --><p>{{ a }}</p><!-- {{ a }} --><div>{{ b }}<!-- x {% if c %}{{ b }}{% endif %} --></div>{# {{ a }} #}<p>{{ b }}{# c #}{{ a }}</p>""",
        state(a=words, b=words, c=flags),
        opaque=1,
    ),
    Case(
        "table_without_tbody",
        """<table><tr><th>{{ a }}</th><th>b</th></tr>{% for r in rs %}<tr id="{{ r.id }}"><td>{{ r.t }}</td><td>{{ a }}</td></tr>
{% endfor %}</table><p>{{ a }}</p>""",
        state(a=words, rs=rows(4, t=texts)),
        opaque=0,
    ),
    Case(
        "conditional_rows",
        """<ul>{% for r in rs %}{% if r.on %}<li id="{{ r.id }}">{{ r.t }}</li>{% endif %}{% endfor %}</ul><ul>{% for r in rs if r.on %}<li id="{{ r.id }}">{{ r.t }}</li>{% endfor %}</ul><p>{{ rs|length }}</p>""",
        state(rs=rows(4, t=texts, on=flags)),
        opaque=0,
    ),
    Case(
        "dos_and_breaks",
        """<ul>{% for x in xs %}{% if x > stop %}{% break %}{% endif %}<li>{{ x }}</li>{% endfor %}</ul>{% do seen.clear() if seen is mapping %}<p>{{ stop }} {{ t }}</p>""",
        state(xs=lists, stop=counts, t=texts, seen=st.just(0)),
        opaque=2,
    ),
    Case(
        "raw_and_entities",
        """{% raw %}<p>{{ not }} {% this %}</p>{% endraw %}<p>{{ "{{" }} {{ '%}' }} {{ a }}</p><p title="&lt;{{ a }}&gt;&#33;&hellip;">&#x26;{{ a }}&copy {{ n }};</p>""",
        state(a=texts, n=numbers),
    ),
    Case(
        "attributes_that_come_and_go",
        """<div {{ "hidden" if a }} {% if b %}title="{{ t }}" data-b{% endif %} class="x {{ 'on' if a else 'off' }} {% if b %}b-{{ t|length }}{% endif %}" {% if a and b %}id="both"{% elif a %}id="{{ t|length }}"{% endif %}>{{ t }}</div>
<input value="{{ t }}" {% if a %}checked{% endif %}{{ " readonly" if b }}><video {% if a %}controls{% endif %} {% if b %}loop muted{% endif %} poster="/p/{{ t|urlencode }}.png"></video><option {{ "selected" if a }}>{{ t }}</option>""",
        state(a=flags, b=flags, t=texts),
    ),
    Case(
        "data_in_scripts",
        """<script type="application/json" id="data">{"t": {{ t|tojson }}, "on": {% if a %}true{% else %}false{% endif %}, "ns": [{% for n in ns %}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}]}</script>
<p>{{ t }}</p>{% for r in rs %}<div data-key="{{ r.id }}"><script type="text/x-template">{{ r.t }}</script>{{ r.t }}</div>{% endfor %}<script type="text/plain">{{ t }}</script>""",
        state(a=flags, t=texts, ns=lists, rs=rows(4, t=texts)),
    ),
    Case(
        "unsafe_places",
        """<a href="{{ u }}" title={{ w }} {{ "hidden" if a }} data-x="{{ u }}">{{ u }}</a><a href="{{ v }}{{ u }}">x</a>{% for r in rs %}<p id="{{ r.id }}"><a href="{{ r.u|e }}" class={{ w }}>{{ r.u }}</a></p>{% endfor %}
<form action="{% if a %}{{ u }}{% else %}/x{% endif %}"></form>""",
        state(
            a=flags,
            u=urls,
            v=st.sampled_from(["", "java", "/a/"]),
            w=st.sampled_from(["w", "a=b", 7]),
            rs=rows(4, u=urls),
        ),
    ),
]
