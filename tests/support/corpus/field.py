"""What real projects write and compilers stumble over: pages of many constructs at once, hostile and hurried."""
# ruff: noqa: E501 - templates stand here as people write them

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.corpus.cases import Case, flags, numbers, rows, state, texts, words

counts = st.integers(0, 4)
lists = st.lists(counts, max_size=4)
kinds = st.sampled_from(["a", "b", "c"])
people = rows(name=texts, kind=kinds, age=counts, tags=st.lists(words, max_size=3))

CASES = [
    Case(
        "class_list_from_conditions",
        """{% set classes = ["btn"] %}{% if on %}{% do classes.append("on") %}{% endif %}{% if a %}{% set _ = classes.append(a) %}{% endif %}
<a class="{{ classes|join(' ') }}">{{ a }}</a><i>{{ b }}</i><p class="x{{ ' on' if on }}{% if b %} b-{{ b }}{% endif %}{{- ' z' if not on -}}">{{ b }}</p>""",
        state(on=flags, a=words, b=texts),
        opaque=1,
    ),
    Case(
        "table_with_conditional_cells",
        """<table class="t"><caption>{{ title }}</caption><thead><tr><th>Name</th>{% if on %}<th>{{ title }}</th>{% endif %}<th></th></tr></thead><tbody>
{%- for p in people %}<tr id="p{{ p.id }}"{% if loop.first %} class="first"{% elif loop.last %} class="last"{% endif %}>
<td>{{ p.name }}</td>{% if on %}<td>{% if p.age > 2 %}{{ p.age }}{% else %}<em>young</em>{% endif %}</td>{% endif %}<td colspan="{{ 2 if not on else 1 }}">{{ loop.index }}/{{ loop.length }}</td></tr>
{%- else %}<tr><td colspan=3>none</td></tr>{% endfor %}</tbody><tfoot><tr><td>{{ people|sum(attribute='age') }}</td></tr></tfoot></table>""",
        state(people=people, on=flags, title=texts),
    ),
    Case(
        "group_batch_slice_map",
        """{% for kind, group in people|groupby('kind') %}<h3>{{ kind }} ({{ group|length }})</h3><ul>{% for p in group %}<li data-key="{{ p.id }}">{{ p.name|upper }}</li>{% endfor %}</ul>{% endfor %}
<div>{% for row in people|batch(2, '-') %}<div>{% for p in row %}<span>{{ p.name if p is mapping else p }}</span>{% endfor %}</div>{% endfor %}</div>
<div>{% for col in ns|slice(2) %}<ul>{% for n in col %}<li>{{ n }}</li>{% endfor %}</ul>{% endfor %}</div>
<p>{{ people|map(attribute='name')|join(', ') }}|{{ people|selectattr('age', 'gt', 1)|map(attribute='id')|list }}|{{ ns|select('odd')|sum }}|{{ people|rejectattr('name')|list|length }}</p>""",
        state(people=people, ns=lists),
    ),
    Case(
        "loop_helpers",
        """<ul>{% for p in people %}<li class="{{ loop.cycle('odd', 'even') }}">{% if loop.changed(p.kind) %}<b>{{ p.kind }}</b>{% endif %}
{% if loop.previtem is defined and loop.previtem.age == p.age %}same{% endif %}{{ p.name }}{% if loop.nextitem is defined %}, {{ loop.nextitem.name }}{% endif %} {{ loop.revindex0 }}</li>{% endfor %}</ul><p>{{ a }}</p>""",
        state(people=people, a=texts),
    ),
    Case(
        "loop_of_a_loop",
        """{% for p in people %}{% set outer = loop %}<section><h2>{{ p.name }}</h2>{% for t in p.tags %}<i title="{{ outer.index }}.{{ loop.index }}">{{ t }}{{ "," if not (loop.last and outer.last) }}</i>{% else %}<i>{{ outer.index0 }}</i>{% endfor %}</section>{% endfor %}{{ a }}""",
        state(people=people, a=texts),
    ),
    Case(
        "counter_in_a_namespace",
        """{% set ns = namespace(total=0, seen=[]) %}<ul>{% for p in people %}{% if p.age > 1 %}{% set ns.total = ns.total + p.age %}<li>{{ ns.total }}: {{ p.name }}</li>{% endif %}{% endfor %}</ul><p>{{ ns.total }}</p><b>{{ a }}</b>""",
        state(people=people, a=texts),
        opaque=1,
    ),
    Case(
        "joiner_and_cycler",
        """{% set pipe = joiner(" | ") %}{% set row = cycler("odd", "even") %}<p>{% if on %}{{ pipe() }}<a href="/a">{{ a }}</a>{% endif %}{% if b %}{{ pipe() }}<a href="/b">{{ b }}</a>{% endif %}{{ pipe() }}<a>c</a></p>
<ul>{% for n in ns %}<li class="{{ row.next() }}">{{ n }}</li>{% endfor %}</ul><i>{{ a }}</i>""",
        state(on=flags, a=texts, b=words, ns=lists),
        opaque=1,
    ),
    Case(
        "form_of_everything",
        """<form><select name="s" multiple><optgroup label="{{ a }}">{% for o in options %}<option value="{{ o }}"{% if o == chosen %} selected{% endif %}{{ ' disabled' if o in off }}>{{ o|title }}</option>{% endfor %}</optgroup></select>
<textarea rows=2>
{{ a }}{% if on %} and {{ b }}{% endif %}</textarea><input type="checkbox" {% if on %}checked{% endif %} {{ "required" if a }}><input value='{{ b }}' {%- if not on %} readonly{% endif %}>
<button {% if not a %}disabled{% endif %} type="{{ 'submit' if on else 'button' }}">{% if on %}Save {{ a }}{% else %}Wait{% endif %}</button></form>""",
        state(a=texts, b=texts, on=flags, options=st.lists(kinds, max_size=3, unique=True), chosen=kinds, off=st.lists(kinds, max_size=2)),
    ),
    Case(
        "styles_and_vectors",
        """<svg viewBox="0 0 {{ w }} 10"><g transform="translate({{ w }}, {{ n }})">{% for p in ns %}<circle cx="{{ loop.index * 10 }}" cy="{{ p }}" r="{{ 2 if on else 1 }}"/>{% endfor %}{% if on %}<text x="1">{{ a }}</text>{% endif %}</g><title>{{ a }}</title></svg>
<div style="width: {{ w }}%;{% if on %} color: red;{% endif %}" class="bar{{ ' full' if w > 2 }}"><!-- {{ a }} --></div>""",
        state(w=counts, n=numbers, ns=lists, on=flags, a=texts),
        opaque=1,
    ),
    Case(
        "scripts_with_data",
        """<script type="application/json">{{ {"a": a, "ns": ns, "on": on}|tojson }}</script><script>var n = {{ ns|length }}, s = "{{ a|e }}"; {% if on %}go({{ b|tojson }});{% endif %}{% for n in ns %}f({{ n }});{% endfor %}</script><style>.x { width: {{ ns|sum }}px }{% if on %} .y { color: red }{% endif %}</style><p data-all='{{ ns|tojson }}' data-one="{{ a|tojson|forceescape }}">{{ a }}</p>""",
        state(a=texts, b=texts, ns=lists, on=flags),
    ),
    Case(
        "plurals_and_translations",
        """<p>{% trans n=ns|length %}{{ n }} item{% pluralize %}{{ n }} items{% endtrans %}</p><p>{% trans who=a, where=b %}Hello <b>{{ who }}</b> in {{ where }}{% endtrans %}</p>{% for n in ns %}<li>{% trans count=n %}one{% pluralize %}{{ count }}{% endtrans %} {{ _("of") }} {{ gettext("all %(n)s", n=a) }}</li>{% endfor %}<i title="{% trans %}Fixed{% endtrans %} {{ a }}">{{ ngettext("%(num)d day", "%(num)d days", ns|length) }}</i>""",
        state(a=texts, b=words, ns=lists),
    ),
    Case(
        "supers_inside_of_loops",
        """{% extends "base.html" %}{% set title = a %}{% block row %}<b>{{ super() }}</b>{% if on %}<i>{{ n }}{{ title }}</i>{% endif %}{% endblock %}{% block foot %}{{ super() }}<u>{{ b }}</u>{{ self.name() }}{% endblock %}{% block name %}{{ title }}{% endblock %}""",
        state(a=texts, b=texts, on=flags, ns=lists),
        files={
            "base.html": """<h1>{% block name %}x{% endblock %}</h1><ul>{% for n in ns %}<li>{% block row scoped %}{{ n }}:{{ loop.index }}{% endblock %}</li>{% endfor %}</ul>{% block foot %}<p>{{ a }}</p>{% endblock %}"""
        },
    ),
    Case(
        "includes_in_loops",
        """{% for p in people %}{% set extra = p.kind %}{% include ["none.html", "card.html"] %}{% else %}{% include "empty.html" ignore missing %}{% endfor %}{% with p = {"name": a, "tags": []}, extra = "w" %}{% include "card.html" %}{% endwith %}{{ extra }}""",
        state(people=people, a=texts),
        files={"card.html": """<article class="{{ extra }}"><h4>{{ p.name }}</h4>{% for t in p.tags %}{% include "tag.html" %}{% endfor %}</article>""", "tag.html": """<span>{{ t }}{{ a }}</span>"""},
    ),
    Case(
        "set_blocks_and_filters",
        """{% set body %}<p>{{ a }}</p>{% for n in ns %}<b>{{ n }}</b>{% endfor %}{% endset %}<div>{{ body }}</div>{% set loud | upper %}x{{ a }}{% endset %}<i>{{ loud }}</i>{% filter upper %}<em>{{ b }}</em>{% endfilter %}{% if on %}{{ body }}{% endif %}<q>{{ a|default("none", true)|truncate(3, true, "…") }}</q>""",
        state(a=texts, b=words, ns=lists, on=flags),
        opaque=1,
    ),
    Case(
        "escaping_by_hand",
        """{% autoescape false %}<p>{{ a|e }}</p>{% endautoescape %}<b>{{ "<i>%s</i>"|safe|format(a) }}</b><u>{{ ("<s>" ~ a ~ "</s>")|striptags }}</u>{% raw %}{{ raw }}{% endraw %}<p title="{{ '"' ~ a ~ '"' }}" data-x={{ n }}>{{ a|urlencode }}{{ "&amp;"|safe }}{{ "&amp;" }}</p>""",
        state(a=texts, n=counts),
        opaque=1,
    ),
    Case(
        "white_space_between_all",
        """
 {%- for n in ns -%}
   {%- if n is odd -%} <b>{{- n -}}</b> {%- else -%} {{ n }} {%- endif -%}
   {%- if not loop.last %}, {% endif -%}
 {%- endfor -%}
 <p>  {{- a -}}  </p>  {#- c -#}  <p>  {{ a -}}  {%- if on %} x {%- endif %}  </p>
<pre>
{{ a }}
  {{ b }}</pre><pre>{{ b }}
</pre>
{{ b }} {{ a }}
""",
        state(ns=lists, a=texts, b=texts, on=flags),
    ),
    Case(
        "undefined_everywhere",
        """<p class="{{ nothing }}">{{ nothing }}{{ nothing|default(a) }}{{ p.missing }}{{ p.name.x }}{% if nothing is defined or nothing %}x{% else %}{{ b }}{% endif %}{% for x in nothing %}{{ x }}{% else %}none{% endfor %}</p>{{ p.name or "anonymous" }}{{ nothing|length }}{{ (p.list or [])|first }}<i {{ nothing }}>{{ a if nothing }}</i>""",
        state(a=texts, b=texts, p=st.fixed_dictionaries({"name": texts, "list": st.one_of(st.none(), lists)})),
    ),
    Case(
        "elements_torn_by_conditions",
        """{% if on %}<a href="{{ a }}">{% endif %}<b>{{ b }}</b>{% if on %}</a>{% endif %}<div{% if on %} class="c"{% endif %}>{% for n in ns %}{% if loop.index0 % 2 == 0 %}<div class="row">{% endif %}<span>{{ n }}</span>{% if loop.index0 % 2 or loop.last %}</div>{% endif %}{% endfor %}</div>{% if b %}<ul><li>{{ b }}{% else %}<ol><li>{{ a }}{% endif %}</li>{% if b %}</ul>{% else %}</ol>{% endif %}<p>{{ a }}</p>""",
        state(on=flags, a=texts, b=words, ns=lists),
        opaque=1,
    ),
    Case(
        "shadowed_names",
        """{% set a = b ~ "!" %}<p>{{ a }}</p>{% for a in ns %}<i>{{ a }}{% set b = a * 2 %}{{ b }}</i>{% endfor %}<p>{{ a }}{{ b }}</p>{% with a = 1, c = b %}{{ a }}{{ c }}{% set b = c ~ a %}{{ b }}{% endwith %}{% macro m(a, b=a) %}<u>{{ a }}{{ b }}</u>{% endmacro %}{{ m(b) }}{{ m(1, a) }}{% if on %}{% set a = "x" %}{% endif %}<b>{{ a }}{{ b }}</b>""",
        state(b=texts, ns=lists, on=flags),
    ),
    Case(
        "pages_and_pagination",
        """{% macro page_link(n, current) %}<li class="page{% if n == current %} active{% endif %}">{% if n == current %}<span>{{ n }}</span>{% else %}<a href="?page={{ n }}{{ '&amp;q=' ~ q|urlencode if q }}">{{ n }}</a>{% endif %}</li>{% endmacro %}
{% set last = [ns|length, 1]|max %}<ul>{% for n in range(1, last + 1) %}{% if n < 2 or n > last - 1 or n == page %}{{ page_link(n, page) }}{% elif n == 2 %}<li>…</li>{% endif %}{% endfor %}</ul><p>{{ page }} of {{ last }}</p>""",
        state(ns=lists, page=counts, q=words),
    ),
    Case(
        "dictionaries",
        """<dl>{% for k, v in d.items() %}<dt>{{ k }}</dt><dd>{% if v is string %}{{ v }}{% elif v is mapping %}{{ v.x }}{% elif v is iterable %}{{ v|join("/") }}{% else %}{{ v }}{% endif %}</dd>{% endfor %}</dl><dl>{% for k, v in d|dictsort(by="key", reverse=on) %}<dt>{{ k }}={{ v }}</dt>{% endfor %}</dl>{{ d.get("a", "-") }}{{ d["b"] }}""",
        state(d=st.dictionaries(st.sampled_from(["a", "b", "c"]), st.one_of(texts, counts), max_size=3), on=flags),
    ),
    Case(
        "loop_filtered_and_sorted",
        """<ol>{% for p in people|sort(attribute="age,id", reverse=on) if p.age >= least %}<li ts-key="{{ p.id }}">{{ loop.index }}. {{ p.name }} {{ p.age - least }}</li>{% else %}<li>nobody of {{ least }}</li>{% endfor %}</ol>{{ (people|map(attribute="age")|list|unique|list) }}{{ people[0].name if people }}{{ people[:2]|length }}""",
        state(people=people, least=counts, on=flags),
    ),
    Case(
        "call_blocks_with_rows",
        """{% macro table(rows, head) %}<table><thead><tr>{% for h in head %}<th>{{ h }}</th>{% endfor %}</tr></thead><tbody>{% for r in rows %}<tr data-key="{{ r.id }}">{{ caller(r, loop.index) }}</tr>{% endfor %}</tbody></table>{% endmacro %}
{% call(p, i) table(people, ["#", a]) %}<td>{{ i }}</td><td>{{ p.name }}{% if on %} <b>{{ p.age }}</b>{% endif %}</td>{% endcall %}<p>{{ a }}</p>""",
        state(people=people, a=texts, on=flags),
    ),
    Case(
        "links_with_everything",
        """<nav>{% for href, text in [("/", a), ("/" ~ b, b), (c, "c")] %}<a href="{{ href }}"{% if href == here %} aria-current="page"{% endif %} {{ 'target="_blank" rel="noopener"'|safe if on }}>{{ text or "-" }}{% if not loop.last %} · {% endif %}</a>{% endfor %}</nav><img src="{{ c }}" alt="{{ a }}" {% if on %}width="{{ a|length }}"{% endif %}/>""",
        state(a=texts, b=words, c=st.sampled_from(["/x", "https://a.b/", "javascript:x", ""]), here=st.sampled_from(["/", "/x"]), on=flags),
        opaque=1,
    ),
    Case(
        "numbers_and_dates",
        """{{ n }}|{{ n|float|round(1) }}|{{ "%.2f"|format(n|float) }}|{{ n|filesizeformat }}|{{ n // 2 }}|{{ n % 3 }}|{{ -n }}|{{ n ** 2 }}|{{ [n, 3]|min }}|{{ n in ns }}|{{ n is divisibleby 2 }}|{{ 1 if n else 0 }}|{{ n|string|length }}|{{ ns|max if ns }}|<b title="{{ n + 1 }}">{{ (n, n + 1)|join("-") }}</b>""",
        state(n=st.integers(0, 9), ns=lists),
    ),
    Case(
        "deep_branches",
        """{% if on %}{% if a %}<p>{{ a }}{% if b %}<b>{{ b }}{% for n in ns %}{% if n %}<i>{{ n }}</i>{% elif loop.first %}first{% else %}<s>{{ a }}</s>{% endif %}{% endfor %}</b>{% endif %}</p>{% else %}<q>{{ b }}</q>{% endif %}{% elif ns %}{{ ns|length }}<hr>{% elif a == b %}same{% else %}<!-- none -->{{ a }}<br>{{ b }}{% endif %}tail""",
        state(on=flags, a=texts, b=words, ns=lists),
    ),
    Case(
        "menu_by_a_recursive_loop",
        """<ul>{% for item in tree recursive %}<li class="d{{ loop.depth }}">{{ item.t }}{% if item.kids %}<ul>{{ loop(item.kids) }}</ul>{% endif %}</li>{% endfor %}</ul><p>{{ a }}</p>""",
        state(
            tree=st.recursive(st.just([]), lambda kids: st.lists(st.fixed_dictionaries({"t": texts, "kids": kids}), max_size=2), max_leaves=4),
            a=texts,
        ),
        opaque=1,
    ),
    Case(
        "values_that_are_lists_of_markup",
        """{% set parts = [] %}{% for n in ns %}{% set parts = parts + [n] %}{% endfor %}{{ parts }}<p>{{ ("<b>" ~ a|e ~ "</b>")|safe }}</p>{% for n in ns %}<i>{{ n if n else ("<u>" ~ a|e ~ "</u>")|safe }}</i>{% endfor %}""",
        state(ns=lists, a=texts),
    ),
    Case(
        "half_a_page_of_comments",
        """{# {{ a }} {% if %} #}<!-- static --><p>{{ a }}<!-- x -->{{ b }}</p>{# multi
line #}{% if on %}<!-- only {{ a }} --><b>{{ a }}</b>{% endif %}<!--[if IE]>{{ b }}<![endif]--><i>{{ b }}</i>""",
        state(a=words, b=words, on=flags),
        opaque=1,
    ),
    Case(
        "definition_lists_without_ends",
        """<dl>{% for n in ns %}<dt>{{ n }}<dd>{{ a }}{% endfor %}</dl><ul>{% for n in ns %}<li>{{ n }}{% if on %}<ul><li>{{ a }}</ul>{% endif %}{% endfor %}</ul><p>{{ a }}<p>{{ b }}""",
        state(ns=lists, a=words, b=words, on=flags),
        opaque=2,
    ),
]  # fmt: skip
