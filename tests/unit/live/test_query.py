"""What handle_params gets of a URL: names, types, lists, defaults, what is left over, and what is refused."""

from __future__ import annotations

import enum
from datetime import date
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets import LiveView
from livets.errors import ConfigError, UrlRefused


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Shop(LiveView):
    template = "x"

    def handle_params(
        self,
        page: int = 1,
        tag: list[str] = [],  # noqa: B006
        q: str = "",
        done: bool | None = None,
        sort: Literal["name", "price"] = "name",
        colour: Colour = Colour.RED,
        since: date | None = None,
        ids: set[int] | None = None,
    ) -> None: ...


class Rest(LiveView):
    template = "x"

    def handle_params(self, a: int = 0, **rest: str) -> None: ...


def bind(view: type[LiveView], query: str, path: dict[str, Any] | None = None) -> dict[str, Any]:
    asked = view.__livets__.query
    assert asked is not None
    return asked.bind(path or {}, parse_qsl(query, keep_blank_values=True), params={"whole": "1"}, uri="/u?" + query)


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        ("", {}),
        ("page=3", {"page": 3}),
        ("page=3&page=4", {"page": 4}),
        ("page=&q=", {"q": ""}),
        ("tag=a&tag=b", {"tag": ["a", "b"]}),
        ("tag=a", {"tag": ["a"]}),
        ("done=on", {"done": True}),
        ("done=false&since=2026-11-21", {"done": False, "since": date(2026, 11, 21)}),
        ("sort=price&colour=blue", {"sort": "price", "colour": Colour.BLUE}),
        ("ids=1&ids=2&ids=1", {"ids": {1, 2}}),
        ("self=1&unknown=2&__class__=3", {}),
        ("q=%F0%9F%8C%B1+%26", {"q": "🌱 &"}),
    ],
)
def test_values_become_what_the_annotations_say(query: str, bound: dict[str, Any]) -> None:
    assert bind(Shop, query) == bound


@pytest.mark.parametrize(
    "query", ["page=x", "page=1.5", "page=" + "9" * 5000, "sort=size", "colour=green", "since=soon", "ids=1&ids=x"]
)
def test_a_value_that_does_not_fit_is_refused_in_words(query: str) -> None:
    with pytest.raises(UrlRefused, match=f"Shop.handle_params: {query.partition('=')[0]}=") as refusal:
        bind(Shop, query)
    assert refusal.value.status == 400


def test_what_is_left_is_collected_if_that_is_asked_for() -> None:
    assert bind(Rest, "a=1&b=2&b=3&self=4&params=5&uri=6&c=") == {"a": 1, "b": "3", "c": ""}


def test_a_path_parameter_goes_before_the_query_and_is_a_404_when_it_does_not_fit() -> None:
    assert bind(Shop, "page=9", {"page": "3"}) == {"page": 3}
    assert bind(Rest, "b=1", {"b": "path"}) == {}
    with pytest.raises(UrlRefused) as refusal:
        bind(Shop, "", {"page": "three"})
    assert refusal.value.status == 404


def test_a_missing_value_without_a_default_is_named() -> None:
    class Search(LiveView):
        template = "x"

        def handle_params(self, q: str) -> None: ...

    with pytest.raises(UrlRefused, match=r"no \?q="):
        bind(Search, "p=1")


def test_params_and_uri_are_the_whole_of_it() -> None:
    class Raw(LiveView):
        template = "x"

        def handle_params(self, params: Any, uri: str) -> None: ...

    assert bind(Raw, "a=1") == {"params": {"whole": "1"}, "uri": "/u?a=1"}


def test_what_no_url_can_fill_is_refused_when_the_class_is_made() -> None:
    with pytest.raises(ConfigError, match="cannot come from a URL"):

        class Wrong(LiveView):
            def handle_params(self, socket: Pipe) -> None: ...

    with pytest.raises(ConfigError, match="positional-only"):

        class Positional(LiveView):
            def handle_params(self, page: int, /) -> None: ...


class Pipe:
    def __init__(self, end: Any) -> None:
        self.end = end


@given(
    st.integers(-(2**53), 2**53),
    st.lists(st.text(max_size=5), max_size=4),
    st.text(max_size=9),
    st.sampled_from(Colour),
)
def test_what_url_for_writes_comes_back(page: int, tag: list[str], q: str, colour: Colour) -> None:
    query = urlencode({"page": page, "tag": tag, "q": q, "colour": colour.value}, doseq=True)
    assert bind(Shop, query) == {"page": page, "q": q, "colour": colour} | ({"tag": tag} if tag else {})


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=8))
def test_any_query_is_bound_or_refused_and_the_hook_can_be_called(pairs: list[tuple[str, str]]) -> None:
    for view in (Shop, Rest):
        asked = view.__livets__.query
        assert asked is not None
        try:
            bound = asked.bind({}, pairs, params={}, uri="/")
        except UrlRefused:
            continue
        view().handle_params(**bound)
