"""Templates as people write them: pages, tables, forms."""
# ruff: noqa: E501 - templates stand here as people write them

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.support.corpus.cases import Case, flags, numbers, rows, scalars, state, texts, words


@dataclass(frozen=True)
class Product:
    id: int
    name: str
    price: int
    tags: tuple[str, ...]


products = st.lists(
    st.builds(Product, st.integers(0, 6), words, numbers, st.lists(words, max_size=2).map(tuple)),
    max_size=6,
    unique_by=lambda product: product.id,
)

CASES = [
    Case(
        "counter",
        """<h1>{{ count }}</h1>
<button ts-on:click="increment">+1</button>
<button ts-on:click="increment(10)" {{ 'disabled' if count == 10 }}>+10</button>""",
        state(count=numbers),
    ),
    Case(
        "todo",
        """<section class="todo">
  <p>{{ todos|selectattr('done')|list|length }} of {{ todos|length }} done</p>
  <ul>
    {% for todo in todos %}
    <li id="todo-{{ todo.id }}" class="item{% if todo.done %} done{% endif %}">
      <input type="checkbox" {% if todo.done %}checked{% endif %} ts-on:change="toggle({{ todo.id }})">
      <span>{{ todo.title }}</span>{% if todo.note %}<small>{{ todo.note }}</small>{% endif %}
    </li>
    {% else %}
    <li>Nothing to do, {{ who }}.</li>
    {% endfor %}
  </ul>
</section>""",
        state(todos=rows(title=texts, done=flags, note=texts), who=texts),
    ),
    Case(
        "benchmark_table",
        """<table class="table"><tbody>{% for row in rows %}
<tr id="r{{ row.id }}" class="{{ 'danger' if row.id == selected }}"><td class="c1">{{ row.id }}</td>
<td><a ts-on:click="select({{ row.id }})">{{ row.label }}</a></td></tr>{% endfor %}
</tbody></table>""",
        state(rows=rows(label=texts), selected=st.integers(0, 7)),
    ),
    Case(
        "frozen_products",
        """<ul>{% for p in products %}<li data-key="{{ p.id }}"><b>{{ p.name }}</b> {{ p.price }} {{ currency }}
{% if p.price > limit %}<em>dear</em>{% endif %}{% for tag in p.tags %}<i>{{ tag }}</i>{% endfor %}</li>{% endfor %}</ul>""",
        state(products=products, currency=words, limit=st.integers(0, 3)),
    ),
    Case(
        "nested_ifs",
        """<div>{% if a %}A{% if b %}<b>{{ x }}</b>{% elif c %}<i>{{ x }}{{ y }}</i>{% else %}neither {{ y }}{% endif %}
{% elif b %}<p>B {{ x }}</p>{% else %}{{ y }}{% endif %}</div>""",
        state(a=flags, b=flags, c=flags, x=scalars, y=texts),
    ),
    Case(
        "entities",
        """<p title="&quot;{{ a }}&quot; &copy;">&lt;{{ a }}&gt; &amp; {{ b }} &nbsp;&copy; {{ c }}&hellip;</p>
<p>&{{ b }};</p><p data-x='&amp;{{ a }} &eacute; {{ c }}'>&eacute;{{ c }} &#33;</p>""",
        state(a=texts, b=words, c=scalars),
    ),
    Case(
        "white_space",
        """

  {{ a }}

<pre>
{{ a }}
</pre><pre>{{ b }}</pre>   <textarea>
{{ a }}</textarea><textarea>{{ b }} {{ a }}</textarea>
  <p>
     {{ a }}   {{ b }}
  </p>  {% if c %}  <i>  {{ a }}  </i>  {% endif %}  """,
        state(a=texts, b=texts, c=flags),
    ),
    Case(
        "form",
        """<form ts-on:submit="save"><label for="n">Name</label><input id="n" name="name" value="{{ name }}">
<select name="size">{% for size in sizes %}<option value="{{ size }}"{% if size == chosen %} selected{% endif %}>{{ size }}</option>{% endfor %}</select>
<textarea name="note" rows="{{ lines }}">{{ note }}</textarea>
<input type="number" {% if low is not none %}min="{{ low }}"{% endif %} max={{ lines }}>
<p class="error" {% if not error %}hidden{% endif %}>{{ error }}</p>
<button {{ "disabled" if error or not name }} type="submit">Save {{ name }}</button></form>""",
        state(
            name=texts,
            sizes=st.lists(st.sampled_from(["S", "M", "L", "X & L"]), max_size=4, unique=True),
            chosen=st.sampled_from(["S", "M", "L"]),
            note=texts,
            lines=st.integers(1, 4),
            low=st.sampled_from([None, 0, 1]),
            error=words,
        ),
    ),
    Case(
        "svg_chart",
        """<svg viewBox="0 0 {{ width }} 10" class="chart">{% for bar in bars %}<rect ts-key="{{ bar.id }}" x="{{ loop.index0 * 5 }}"
 height="{{ bar.id }}" fill="{{ bar.colour }}"/>{% endfor %}<text x="{{ width }}">{{ title }}</text>
{% if legend %}<g><title>{{ title }}</title><circle r="{{ width }}"/></g>{% endif %}
<foreignObject width="{{ width }}"><p>{{ title }}</p></foreignObject></svg><p>{{ title }}</p>""",
        state(width=numbers, bars=rows(colour=words), title=texts, legend=flags),
    ),
    Case(
        "definition_list",
        """<dl>{% for name, value in pairs.items() %}<div id="{{ name }}"><dt>{{ name }}</dt><dd>{{ value }}</dd></div>{% endfor %}</dl>
<p>{{ pairs|length }}: {{ pairs.keys()|join(", ") }}</p>""",
        state(pairs=st.dictionaries(st.sampled_from(["a", "b", "c&d"]), scalars, max_size=3)),
    ),
    Case(
        "filters",
        """<p class="{{ names|join(' ')|lower }}">{{ names|sort|join(", ") }} {{ n|default("none", true) }}
{{ text|upper|e }} {{ text|truncate(3) }} {{ text|length }} {{ "%s-%s"|format(n, text) }} {{ n is number }}</p>
<ul>{% for name in names|unique if name != skip %}<li>{{ loop.index }}/{{ loop.length }} {{ name|title }}</li>{% endfor %}</ul>""",
        state(
            names=st.lists(st.sampled_from(["b", "A", "c", "<"]), max_size=5),
            n=numbers,
            text=texts,
            skip=st.sampled_from(["b", "c"]),
        ),
    ),
    Case(
        "directives",
        """<form ts-on:submit="add"><input name="t" ts-bind:value="draft" ts-bind:disabled="busy" ts-bind:aria-invalid="not draft">
<button class="btn" ts-class="{'busy': busy, 'empty': not draft}">Add</button></form>
<ul class="list">
  <li ts-for="row in rows" ts-key="row.id" class="row{{ ' odd' if row.id is odd }}"
      ts-class="{'done': row.done, 'long': row.title|length > 3}" ts-bind:title="row.title or none">
    <b ts-text="row.title"></b>
    <em ts-if="row.done and row.id > limit">late</em>
    <i ts-else-if="row.done">done</i>
    <u ts-else ts-show="row.id < limit">open</u>
  </li>
  <li ts-else>nothing, {{ draft }}</li>
</ul>
<template ts-if="busy">Wait <b>{{ limit }}</b></template><p ts-else hidden>ready</p>
<i ts-for="row in rows" ts-if="row.done" ts-text="loop.index ~ '/' ~ row.title"></i>""",
        state(rows=rows(title=texts, done=flags), draft=texts, busy=flags, limit=st.integers(0, 6)),
    ),
]
