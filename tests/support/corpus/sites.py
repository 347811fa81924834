"""Pages of sites and applications, as people write them: dashboards, shops, mail, documentation, forms."""
# ruff: noqa: E501 - templates stand here as people write them

from __future__ import annotations

from hypothesis import strategies as st

from tests.support.corpus.cases import Case, flags, numbers, rows, scalars, state, texts, words

counts = st.integers(0, 5)
names = st.sampled_from(["Ann", "Bob", "<Eve>", ""])
people = rows(5, name=names, on=flags, n=counts)

_UI = """{% macro card(title, kind="plain") %}
<section class="card card-{{ kind }}">
  <h3>{{ title }}</h3>
  {{ caller() }}
</section>
{% endmacro %}
{% macro badge(n, label="new") %}{% if n %}<span class="badge" title="{{ n }} {{ label }}">{{ n }}</span>{% endif %}{% endmacro %}
{% macro field(name, label, value="", error=none, type="text") %}
<p class="field{{ ' bad' if error }}"><label for="f-{{ name }}">{{ label }}</label>
<input id="f-{{ name }}" name="{{ name }}" type="{{ type }}" value="{{ value }}"{% if error %} aria-invalid="true"{% endif %}>
{% if error %}<small>{{ error }}</small>{% endif %}</p>
{% endmacro %}
{% macro pager(page, pages) %}<nav>{% if page > 1 %}<a href="?p={{ page - 1 }}">back</a>{% endif %}
{{ page }} of {{ pages }}{% if page < pages %}<a href="?p={{ page + 1 }}">next</a>{% endif %}</nav>{% endmacro %}"""

_BASE = """<header><a href="/">{% block brand %}Site{% endblock %}</a>{% block nav %}<nav><ul>{% for item in nav %}<li{% if item.here %} class="here"{% endif %}><a href="{{ item.url }}">{{ item.title }}</a></li>{% endfor %}</ul></nav>{% endblock %}</header>
<main>{% block main required %}{% endblock %}</main>
<footer>{% block foot %}&copy; {{ year }}{% endblock %}</footer>"""

CASES = [
    Case(
        "dashboard",
        """{% import "ui.html" as ui %}<div class="grid">
{% call ui.card("Visitors", "wide") %}<b class="big">{{ visitors }}</b> <em>{{ "+%d"|format(delta) if delta >= 0 else delta }}</em>{% endcall %}
{% call ui.card("Orders") %}<table><thead><tr><th>who</th><th>what</th></tr></thead><tbody>
{% for order in orders %}<tr id="o{{ order.id }}"><td>{{ order.name }}</td><td>{{ order.n }} {{ ui.badge(order.n, "open") }}</td></tr>
{% else %}<tr><td colspan="2">none today</td></tr>{% endfor %}</tbody></table>{% endcall %}
{% call ui.card("Load", "hot" if load > 3 else "cool") %}<progress max="5" value="{{ load }}">{{ load }}/5</progress>{% endcall %}
</div>""",
        state(visitors=numbers, delta=st.integers(-3, 3), orders=people, load=counts),
        {"ui.html": _UI},
    ),
    Case(
        "sign_up",
        """{% from "ui.html" import field %}<form method="post" ts-on:submit.prevent="save">
{{ field("name", "Your name", name, errors.name) }}{{ field("mail", "Mail", mail, errors.mail, type="email") }}
<fieldset><legend>Plan</legend>{% for plan in plans %}<label><input type="radio" name="plan" value="{{ plan }}" {{ "checked" if plan == chosen }}> {{ plan|title }}</label>{% endfor %}</fieldset>
<button {% if errors %}disabled{% endif %}>Sign up{% if name %} as {{ name }}{% endif %}</button></form>""",
        state(
            name=texts,
            mail=texts,
            errors=st.fixed_dictionaries({}, optional={"name": words, "mail": words}),
            plans=st.lists(st.sampled_from(["free", "pro", "team"]), max_size=3, unique=True),
            chosen=st.sampled_from(["free", "pro"]),
        ),
        {"ui.html": _UI},
    ),
    Case(
        "shop",
        """{% extends "base.html" %}{% block brand %}{{ super() }} shop{% endblock %}{% block main %}
<h1>{{ query or "All products" }}</h1>
<ul class="products">{% for p in products %}<li id="p{{ p.id }}"><h2>{{ p.name }}</h2>
<p class="price">{{ "%.2f"|format(p.n) }} {{ currency }}</p>{% if p.on %}<strong>in stock</strong>{% else %}<s>sold out</s>{% endif %}
<button ts-on:click="buy({{ p.id }})" {{ "disabled" if not p.on }}>Buy</button></li>{% endfor %}</ul>
<aside><h2>Basket ({{ products|sum(attribute="n") }})</h2></aside>{% endblock %}""",
        state(
            products=people, query=texts, currency=words, nav=rows(3, title=words, url=words, here=flags), year=counts
        ),
        {"base.html": _BASE},
    ),
    Case(
        "mail_client",
        """<div class="mail"><ul class="folders">{% for folder in folders %}<li data-key="{{ folder.id }}" class="{{ 'open' if folder.id == open }}"><a>{{ folder.name }}</a>{% if folder.n %} <b>{{ folder.n }}</b>{% endif %}</li>{% endfor %}</ul>
<ol class="messages">{% for m in messages %}{% set old = m.n > 2 %}<li id="m{{ m.id }}"{% if m.on %} class="unread"{% endif %}>
<input type="checkbox" name="sel" value="{{ m.id }}"{{ " checked" if m.id in selected }}><b>{{ m.name or "(nobody)" }}</b>
{% if old %}<time>{{ m.n }} days</time>{% elif m.n %}<time>new</time>{% else %}<time>now</time>{% endif %}</li>{% endfor %}</ol>
<article>{% if messages %}{% with m = messages|first %}<h1>{{ m.name }}</h1><pre>{{ body }}</pre>{% endwith %}{% else %}<p>Nothing here.</p>{% endif %}</article></div>""",
        state(folders=people, messages=people, open=counts, selected=st.lists(counts, max_size=3), body=texts),
    ),
    Case(
        "docs_page",
        """{% set nav_open = section != "" %}<nav class="{{ 'open' if nav_open else 'shut' }}"><ol>{% for chapter in chapters %}<li id="c{{ chapter.id }}"><a href="#{{ chapter.id }}">{{ loop.index }}. {{ chapter.title }}</a>
<ol>{% for part in chapter.parts %}<li>{{ loop.index }}.{{ part }}{% if part == section %} &larr;{% endif %}</li>{% endfor %}</ol></li>{% endfor %}</ol></nav>
{% for chapter in chapters %}<section id="s{{ chapter.id }}"><h2>{{ chapter.title }}</h2><p>{{ chapter.parts|join(", ") or "empty" }}</p>
<pre><code>{{ code }}</code></pre></section>{% endfor %}<p>{{ chapters|length }} chapters, {{ chapters|map(attribute="parts")|map("length")|sum }} parts</p>""",
        state(chapters=rows(4, title=words, parts=st.lists(words, max_size=3)), section=words, code=texts),
    ),
    Case(
        "calendar",
        """<table class="month"><thead><tr>{% for day in ["Mo", "Tu", "We"] %}<th>{{ day }}</th>{% endfor %}</tr></thead>
<tbody>{% for week in weeks|batch(3, "") %}<tr>{% for day in week %}<td class="{{ loop.cycle('odd', 'even') }}{{ ' today' if day == today }}">{{ day }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>
<p>{% for week in weeks if week > 1 %}{{ week }}{{ ", " if not loop.last }}{% else %}no days{% endfor %}</p>""",
        state(weeks=st.lists(counts, max_size=7), today=counts),
    ),
    Case(
        "kanban",
        """<div class="board">{% for column in columns %}<section id="col-{{ column.id }}"><h2>{{ column.title }} <small>{{ column.cards|length }}</small></h2>
<ul>{% for card in column.cards %}<li ts-key="{{ card.id }}" class="card{% if card.hot %} hot{% endif %}"{% if card.who == me %} data-mine{% endif %}>{{ card.text }}{% if card.who %}<img alt="{{ card.who }}" src="/u/{{ card.who|urlencode }}.png">{% endif %}</li>{% endfor %}</ul>
{% if adding == column.id %}<form><input name="t" value="{{ draft }}"></form>{% endif %}</section>{% endfor %}</div>""",
        state(
            columns=rows(3, title=words, cards=rows(4, text=texts, hot=flags, who=names)),
            me=names,
            adding=counts,
            draft=texts,
        ),
    ),
    Case(
        "chat",
        """<ol class="log">{% for m in messages %}<li id="m{{ m.id }}" class="{{ 'mine' if m.name == me else 'theirs' }}">{% if loop.changed(m.name) %}<b>{{ m.name }}</b>{% endif %}<p>{{ m.text|urlize }}</p></li>{% endfor %}</ol>
<p class="typing" {{ "hidden" if not typing }}>{{ typing|join(" and ") }} {{ "is" if typing|length == 1 else "are" }} typing…</p><textarea name="t" rows="{{ lines }}">{{ draft }}</textarea>""",
        state(
            messages=rows(6, name=names, text=st.sampled_from(["hi", "see http://a.b/c", "<b>"])),
            me=names,
            typing=st.lists(names, max_size=2, unique=True),
            lines=counts,
            draft=texts,
        ),
    ),
    Case(
        "blog",
        """{% extends "base.html" %}{% block main %}{% for post in posts %}<article id="post-{{ post.id }}"><h1>{{ post.name }}</h1>
{% for tag in post.tags %}<a rel="tag" href="/t/{{ tag|urlencode }}">{{ tag }}</a>{% endfor %}
<div>{{ post.body|safe }}</div><p>{{ post.body|striptags|truncate(8) }} ({{ post.body|wordcount }} words)</p></article>{% else %}<p>No posts yet.</p>{% endfor %}{{ pager(1, 3) }}{% endblock %}
{% from "ui.html" import pager %}""",
        state(
            posts=rows(
                4, name=names, tags=st.lists(words, max_size=2), body=st.sampled_from(["<p>x</p>", "a &amp; b", ""])
            ),
            nav=rows(2, title=words, url=words, here=flags),
            year=counts,
        ),
        {"base.html": _BASE, "ui.html": _UI},
    ),
    Case(
        "settings",
        """<dl class="settings">{% for key, value in options|dictsort %}<div data-key="{{ key }}"><dt>{{ key|replace("_", " ")|capitalize }}</dt><dd>{% if value is boolean %}<input type="checkbox" {{ "checked" if value }}>{% elif value is number %}<input type="number" value="{{ value }}">{% elif value is none %}<i>not set</i>{% else %}{{ value }}{% endif %}</dd></div>{% endfor %}</dl>
<pre>{{ options|dictsort|list|pprint }}</pre>""",
        state(options=st.dictionaries(st.sampled_from(["a_b", "mode", "z"]), scalars, max_size=3)),
    ),
    Case(
        "invoice",
        """{% set net = items|sum(attribute="n") %}{% set tax = (net * 19) // 100 %}<h1>Invoice {{ number }}</h1>
<address>{{ who }}<br>{{ street|default("-", true) }}</address><table><caption>{{ items|length }} items</caption><tbody>{% for item in items %}
<tr id="{{ item.id }}"><td>{{ loop.index }}</td><td>{{ item.name }}</td><td>{{ item.n }}</td></tr>{% endfor %}</tbody>
<tfoot><tr><td>net</td><td>{{ net }}</td></tr><tr><td>tax</td><td>{{ tax }}</td></tr><tr{% if net > 5 %} class="big"{% endif %}><td>sum</td><td>{{ net + tax }}</td></tr></tfoot></table>""",
        state(items=people, number=numbers, who=texts, street=texts),
    ),
    Case(
        "search",
        """<form role="search"><input name="q" value="{{ q }}"><select name="sort">{% for s in ["name", "n"] %}<option value="{{ s }}"{{ " selected" if s == by }}>{{ s }}</option>{% endfor %}</select></form>
{% set found = people|selectattr("on")|sort(attribute=by)|list %}{% if q and not found %}<p>No result for <q>{{ q }}</q>.</p>{% else %}
<ol>{% for p in found %}<li id="p{{ p.id }}">{{ p.name }} <small>{{ p.n }}</small></li>{% endfor %}</ol><p>{{ found|length }} of {{ people|length }}</p>{% endif %}""",
        state(q=texts, by=st.sampled_from(["name", "n"]), people=people),
    ),
    Case(
        "translated",
        """<h1>{% trans %}Inbox{% endtrans %}</h1><p>{% trans n=count %}{{ n }} message{% pluralize %}{{ n }} messages{% endtrans %}, {% trans user=who|upper %}for {{ user }}{% endtrans %}</p>
<a title="{% trans %}Log out{% endtrans %}" href="/out">{{ _("Log out") }}</a><ul>{% for p in people %}<li id="{{ p.id }}">{% trans name=p.name %}<b>{{ name }}</b> is here{% endtrans %}</li>{% endfor %}</ul>{% if count %}<p>{{ gettext("Bye %(who)s", who=who) }}</p>{% endif %}""",
        state(count=counts, who=texts, people=people),
    ),
    Case(
        "wizard",
        """<ol class="steps">{% for s in ["who", "what", "pay"] %}<li class="{{ 'done' if loop.index0 < step else 'here' if loop.index0 == step }}">{{ loop.index }} {{ s }}</li>{% endfor %}</ol>
{% if step == 0 %}<form><input name="who" value="{{ who }}"></form>{% elif step == 1 %}<form><textarea name="what">{{ what }}</textarea></form>{% elif step == 2 %}<form>{% include "pay.html" %}</form>{% else %}<p>Thank you, {{ who }}.</p>{% endif %}""",
        state(step=st.integers(0, 3), who=texts, what=texts, amount=numbers),
        {
            "pay.html": "{% set amount = amount ~ ' EUR' %}<p>{{ amount }}</p><input type='submit' value='Pay {{ amount }}'>"
        },
    ),
    Case(
        "file_browser",
        """<p class="path">{% for part in path %}<a href="/{{ path[:loop.index]|join('/') }}">{{ part }}</a>{{ " / " if not loop.last }}{% endfor %}</p>
<table><tbody>{% for f in files|sort(attribute="name") %}<tr data-key="{{ f.id }}"{% if f.id == picked %} aria-selected="true"{% endif %}><td>{{ "📁" if f.on else "📄" }}</td><td>{{ f.name }}</td><td>{{ (f.n * 1000)|filesizeformat }}</td></tr>{% endfor %}</tbody></table>""",
        state(path=st.lists(words, max_size=3), files=people, picked=counts),
        opaque=0,
    ),
    Case(
        "poll",
        """<h2>{{ question }}</h2><ul>{% for o in options %}{% set share = (100 * o.n // total) if total else 0 %}<li id="o{{ o.id }}"><button ts-on:click="vote({{ o.id }})">{{ o.name }}</button><meter max="100" value="{{ share }}"></meter>{{ share }}%{% if loop.first and o.n %} <b>leads</b>{% endif %}</li>{% endfor %}</ul>""",
        state(question=texts, options=people, total=counts),
    ),
    Case(
        "profile",
        """{% macro stat(label, n) %}<div class="stat"><b>{{ n }}</b> {{ label }}{{ "s" if n != 1 }}</div>{% endmacro %}<header style="--n: {{ n }}"><img src="/a/{{ id }}.png" alt="{{ name }}"><h1>{{ name }}{% if ok %} <span title="verified {{ name }}">✓</span>{% endif %}</h1></header>
{{ stat("post", n) }}{{ stat("friend", friends|length) }}<ul>{% for f in friends %}<li id="f{{ f.id }}">{{ f.name }}{{ stat("like", f.n) }}</li>{% endfor %}</ul>""",
        state(n=counts, id=counts, name=texts, ok=flags, friends=people),
    ),
    Case(
        "quiz",
        """{% for q in questions %}<fieldset ts-key="{{ q.id }}"><legend>{{ loop.index }}/{{ loop.length }} {{ q.title }}</legend>{% for a in q.answers %}<label{% if shown and a == q.right %} class="right"{% endif %}><input type="radio" name="q{{ q.id }}" value="{{ loop.index0 }}">{{ a }}</label>{% endfor %}</fieldset>{% endfor %}
<p>{% if shown %}Done{% else %}{{ questions|length }} to go{% endif %}</p>""",
        state(questions=rows(3, title=texts, answers=st.lists(words, max_size=3), right=words), shown=flags),
    ),
    Case(
        "newsletter",
        """<table role="presentation"><tbody><tr><td>{% block head %}<h1>{{ title }}</h1>{% endblock %}</td></tr>{% for s in stories %}<tr><td><h2>{{ s.name }}</h2>{% if s.on %}<p>{{ lead }}</p>{% endif %}</td></tr>{% endfor %}
<tr><td>{{ self.head() }}<small>Sent to {{ to|e }} &mdash; <a href="mailto:{{ to }}">reply</a></small></td></tr></tbody></table>""",
        state(title=texts, stories=people, lead=texts, to=texts),
    ),
]
