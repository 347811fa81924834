"""HTML lets authors leave out the end tags of <li>, <p>, <td> and others: such pages live like all others."""

from __future__ import annotations

import pytest

from livets import LiveTS, LiveView, event
from livets.testing import client

BUTTON = '<button ts-on:click="more">More</button>'


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        ("<ul><li>{{ n }}<li>{{ n + 1 }}</ul>", "<ul><li>3</li><li>4</li></ul>"),
        ("<div><p>{{ n }}<p>{{ n + 1 }}</div>", "<div><p>3</p><p>4</p></div>"),
        ("<p>{{ n }}<p>{{ n + 1 }}", "<p>3</p><p>4</p>"),
        ("<ul>{% for i in range(n) %}<li>{{ i }}{% endfor %}</ul>", "<ul><li>0</li><li>1</li><li>2</li></ul>"),
        ("<dl><dt>{{ n }}<dd>{{ -n }}<dt>x<dd>y</dl>", "<dl><dt>3</dt><dd>-3</dd><dt>x</dt><dd>y</dd></dl>"),
        (
            "<table><tr><td>{{ n }}<td>a<tr><th>b<td>{{ n }}</table>",
            "<table><tbody><tr><td>3</td><td>a</td></tr><tr><th>b</th><td>3</td></tr></tbody></table>",
        ),
        (
            "<ul><li>{{ n }}{% if n > 1 %}<ul><li>{{ n }}<li>in</ul>{% endif %}<li>out</ul>",
            "<ul><li>3<ul><li>3</li><li>in</li></ul></li><li>out</li></ul>",
        ),
    ],
)
async def test_end_tags_may_be_left_out(template: str, shown: str) -> None:
    class Page(LiveView):
        n: int = 1

        @event
        def more(self) -> None:
            self.n += 1

    Page.template = BUTTON + template
    app = LiveTS(secret_key="a secret of at least 32 characters")
    app.live("/", Page)
    async with client(app) as livets_client:
        page = await livets_client.open("/")
        for _ in range(2):
            await page.find("button").click()
        assert page.html.endswith(shown)
