"""The benchmark page does what its specification says: the ids, classes and operations that one script drives."""

from __future__ import annotations

import re

import pytest

from benchmarks.bench_app import app
from livets.testing import client
from livets.testing.page import Page

ROW = re.compile(
    r'<tr id="row-(\d+)" class(?:="(danger)")?><td class="id">(\d+)</td><td class="label">'
    r'<a class="select"[^>]*>([^<]+)</a></td><td><a class="remove"[^>]*>x</a></td><td></td></tr>'
)


def rows(page: Page) -> list[tuple[int, str, str]]:
    """Id, class and label of each row; everything in the table is one of these."""
    body = re.search(r'<tbody id="rows">(.*?)</tbody>', page.html, re.DOTALL)
    assert body is not None
    found = ROW.findall(body[1])
    assert not re.sub(r"<!--.*?-->|\s", "", ROW.sub("", body[1]))
    assert all(own == shown for own, _, shown, _ in found)
    return [(int(own), mark, label) for own, mark, _, label in found]


async def press(page: Page, id: str) -> None:
    await page.find(f"#{id}").click()


@pytest.mark.parametrize("path", ["/bench", "/bench-keyed"])
async def test_the_page_does_what_the_specification_says(path: str) -> None:
    async with client(app, check=False) as person:
        page, other = await person.open(path), await person.open(path)
        assert rows(page) == []
        await press(page, "run")
        first = rows(page)
        assert [own for own, _, _ in first] == list(range(1, 1001))
        assert all(len(label.split()) == 3 and mark == "" for _, mark, label in first)
        assert len({label for _, _, label in first}) > 500

        await press(page, "update")
        changed = rows(page)
        assert [label for _, _, label in changed] == [
            label + " !!!" * (at % 10 == 0) for at, (_, _, label) in enumerate(first)
        ]
        await press(page, "swaprows")
        changed[1], changed[998] = changed[998], changed[1]
        assert rows(page) == changed
        for number in (1, 2):
            await press(page, "cell")
            assert rows(page)[500][2] == f"cell {number}"
            await press(page, "inc")
            page.find("#count").has_text(str(number))

        for at in (5, 7):
            await page.find(f"#row-{changed[at][0]} a.select").click()
            assert [own for own, mark, _ in rows(page) if mark == "danger"] == [changed[at][0]]
        await page.find(f"#row-{changed[3][0]} a.remove").click()
        assert [own for own, _, _ in rows(page)] == [own for own, _, _ in changed[:3] + changed[4:]]
        await press(page, "add")
        assert [own for own, _, _ in rows(page)[-1000:]] == list(range(1001, 2001))

        await page.find("#echo").type("hey")
        page.find("#echoed").has_text("hey")
        await press(page, "broadcast")
        number = page.find("#shared").text
        other.find("#shared").has_text(number)
        assert int(number) > 0
        assert rows(other) == []
        await press(page, "clear")
        assert rows(page) == []
