"""`self.html(source)`: Jinja2 in `render()`."""

from __future__ import annotations

import pytest

from livets import LiveView, render_to_string
from livets.errors import ConfigError, TemplateError


class Shop(LiveView):
    """Fields, a property and a value of its own."""

    names: list[str] = ["Ada", "<Bo>"]
    source: str = '<p ts-for="name in names">{{ greeting }} {{ name }} {{ size }}</p>'

    @property
    def size(self) -> int:
        return len(self.names)

    def render(self) -> str:
        return self.html(self.source, greeting="Hi & ho")


async def test_it_knows_directives_fields_properties_and_arguments_and_escapes() -> None:
    html = await render_to_string(Shop)
    assert html == "<!--[--><p>Hi &amp; ho Ada 2</p><p>Hi &amp; ho &lt;Bo&gt; 2</p><!--]-->"


async def test_wrong_source_is_told() -> None:
    class Wrong(Shop):
        source: str = "<p>{{ x"

    with pytest.raises(TemplateError, match=r"Wrong\.html\(\), line 1"):
        await render_to_string(Wrong)


def test_outside_of_a_page_it_says_so() -> None:
    with pytest.raises(ConfigError, match="call it in render"):
        Shop().html("<p></p>")
