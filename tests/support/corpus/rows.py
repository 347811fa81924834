"""Rows that are not one element: several, none, text beside them, a condition around them; keyed and not, with controls."""

# ruff: noqa: E501 - a template reads best as it is written
from __future__ import annotations

from hypothesis import strategies as st

from tests.support.corpus.cases import Case, flags, rows, state, texts, words

CASES = [
    Case(
        "definitions",
        """<dl>
{% for w in ws %}
  <dt id="w{{ w.id }}" class="{{ 'on' if w.id == picked }}">{{ w.t }}</dt>
  <dd>{{ w.d }}{% if w.on %} <b>{{ w.t|length }}</b>{% endif %}</dd>
{% else %}
  <dt>Nothing</dt>
{% endfor %}
</dl><p>{{ ws|length }}</p>""",
        state(ws=rows(6, t=texts, d=words, on=flags), picked=st.integers(0, 6)),
    ),
    Case(
        "groups_and_members",
        """<table><tbody>{% for g in gs %}<tr data-key="{{ g.id }}"><th>{{ g.t }}</th></tr>{% for m in g.ms %}<tr><td>{{ m }}</td><td>{{ loop.index }}</td></tr>{% endfor %}{% endfor %}</tbody></table>
<ul>{% for g in gs %}<!-- group --> <li id="g{{ g.id }}">{{ g.t }}</li>{% if g.ms %}<li>{{ g.ms|length }}</li>{% endif %}{% endfor %}</ul>""",
        state(gs=rows(5, t=texts, ms=st.lists(words, max_size=3))),
    ),
    Case(
        "lines_and_breaks",
        """<p>{% for t in ts %}{{ t }}<br>{% endfor %}</p><p>{% for t in ts %}{{ loop.index }}. {{ t }}{% if not loop.last %}<wbr>{% endif %}
{% endfor %}</p><address>{% for t in ts %}{% if t %}{{ t }}<br>{% endif %}{% endfor %}{{ ts|length }}</address>""",
        state(ts=st.lists(texts, max_size=4)),
    ),
    Case(
        "rows_of_markup",
        """<div>{% for r in rs %}{{ r.t|safe }}{{ r.n }}{% endfor %}</div><div>{% for r in rs %}{{ r.t|safe }}{% endfor %}</div><div>{% for r in rs %}{% trans n=r.n %}<i>{{ n }}</i>{% endtrans %}, {% endfor %}</div>""",
        state(rs=rows(4, t=st.sampled_from(["<b>x</b>", "plain", "", "<i>a</i><i>b</i>", "&amp; <u>z</u>"]), n=words)),
    ),
    Case(
        "labels_and_fields",
        """<form>{% for f in fs %}
<label for="f{{ f.id }}">{{ f.t }}</label>
<input id="f{{ f.id }}" name="f{{ f.id }}" value="{{ f.v }}"{% if f.on %} required{% endif %}>
{% if f.on %}<small>needed</small>{% endif %}
{% endfor %}</form>{% for f in fs %}<span ts-key="{{ f.id }}">{{ f.t }}</span>{{ f.v }}{% endfor %}""",
        state(fs=rows(5, t=words, v=texts, on=flags)),
    ),
    Case(
        "fragments_of_directives",
        """<dl><template ts-for="p in ps" ts-key="p.id"><dt ts-class="{'on': p.on}">{{ p.t }}</dt><dd ts-if="p.on" ts-text="p.v"></dd></template></dl>
<custom-list>{% for p in ps %}<custom-row n="{{ p.id }}"><b slot="t">{{ p.t }}</b>{% if p.on %}<i>{{ p.v }}</i>{% endif %}</custom-row>{% endfor %}{% if ps %}<custom-end></custom-end>{% endif %}</custom-list>""",
        state(ps=rows(5, t=words, v=texts, on=flags)),
    ),
    Case(
        "odd_parents",
        """<select name="s">{% for r in rs %}<option value="{{ r.id }}">{{ r.t }}</option><option>{{ r.n }}</option>{% endfor %}</select><svg>{% for r in rs %}<g id="g{{ r.id }}"><title>{{ r.t }}</title></g><text y="{{ r.id }}">{{ r.n }}</text>{% endfor %}</svg><ol>{% for r in rs %}{% for part in r.t %}{{ part }}<li>{{ r.n }}</li>{% endfor %}{% endfor %}</ol>""",
        state(rs=rows(4, t=words, n=words)),
    ),
]
