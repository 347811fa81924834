"""What is refused before a route is reached: names, origins, sizes, floods, guesses; and how errors look."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livets.api.body import MAX_DEPTH
from livets.api.flow import create_app
from livets.api.guard import Guard
from livets.api.rates import Rates
from livets.api.tickets import MAX_TICKETS, Tickets
from livets.api.token import Token, kept_token
from livets.engine.errors import EngineError, MissingExtra
from tests.unit.api.conftest import TOKEN, Api


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8400", "127.0.0.1.evil.example", "localhost.evil", "",
                                  "127.0.0.1@evil.example", "0.0.0.0", "[::2]", "localhost:80:80"])  # fmt: skip
async def test_a_rebound_name_is_refused(api: Api, host: str) -> None:
    for path in ("/health", "/api/nodes"):
        answer = await api.client.get(path, headers={"host": host})
        assert answer.status_code == 421
        assert "--allowed-host" in answer.json()["mend"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8400", "localhost:1", "LOCALHOST", "[::1]:8400", "[::1]"])
async def test_the_own_names_are_answered(api: Api, host: str) -> None:
    assert (await api.client.get("/api/nodes/debug.log", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8401", "https://127.0.0.1:8400",
                                    "http://127.0.0.1:8400.evil.example", ""])  # fmt: skip
async def test_pages_of_others_are_refused_even_with_the_token(api: Api, origin: str) -> None:
    assert (await api.client.get("/api/nodes", headers={"origin": origin})).status_code == 403


async def test_pages_that_are_allowed_may_call(api: Api) -> None:
    assert (await api.client.get("/api/nodes", headers={"origin": "http://127.0.0.1:8400"})).status_code == 200
    guard: Guard = api.app.guard
    guard._origins = frozenset({"https://app.example"})
    assert (await api.client.get("/api/nodes", headers={"origin": "https://app.example"})).status_code == 200


async def test_bodies_have_a_size_a_depth_and_a_kind(api: Api) -> None:
    limit = api.service_app.state.max_body_bytes
    announced = await api.client.post("/api/workflows", content=b"{}", headers={
        "content-type": "application/json", "content-length": str(limit + 1)})  # fmt: skip
    assert announced.status_code == 413

    async def endless() -> Any:
        for _ in range(limit // 100_000 + 2):
            yield b" " * 100_000

    json_kind = {"content-type": "application/json"}
    counted = await api.client.post("/api/workflows", content=endless(), headers=json_kind)
    assert counted.status_code == 413
    for depth in (MAX_DEPTH + 1, 900, 100_000):
        deep = "[" * depth + "1" + "]" * depth
        assert (await api.client.post("/api/workflows", content=deep, headers=json_kind)).status_code == 422
    assert (await api.client.post("/api/workflows", content="{}")).status_code == 415
    for text in (b"", b"{", b"\xff", b'"\xed\xa0\x80"', b"nul", b"1e999999"):
        answer = await api.client.post("/api/workflows", content=text, headers=json_kind)
        assert answer.status_code in (400, 422)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_flood_is_told_to_wait(api: Api) -> None:
    guard: Guard = api.app.guard
    guard._requests = Rates(per_second=0.5, burst=3)
    statuses = [(await api.client.get("/health")).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    late = await api.client.get("/health")
    assert int(late.headers["retry-after"]) >= 1


async def test_guesses_are_slowed_and_who_has_the_token_is_not(api: Api) -> None:
    wrong = {"authorization": "Bearer guess"}
    statuses = [(await api.client.get("/api/nodes", headers=wrong)).status_code for _ in range(25)]
    assert statuses[:20] == [401] * 20
    assert statuses[-1] == 429
    assert (await api.client.get("/api/nodes")).status_code == 200


async def test_answers_forbid_what_browsers_might_do_with_them(api: Api) -> None:
    for path in ("/docs", "/api/nodes", "/nothing"):
        headers = (await api.client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


async def test_an_error_of_ours_tells_its_number_and_nothing_else(api: Api, caplog: Any) -> None:
    async def broken() -> None:
        raise RuntimeError("secret detail")

    api.service_app.add_api_route("/broken", broken)
    answer = await api.client.get("/broken")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.json()["ref"] in caplog.text
    assert "secret detail" in caplog.text


async def test_other_methods_and_paths_are_problems_too(api: Api) -> None:
    for method, path, status in (("PATCH", "/api/nodes", 405), ("GET", "/nothing", 404)):
        answer = await api.client.request(method, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert {"type", "title", "status", "detail", "instance", "mend"} <= set(answer.json())
    wrong = await api.client.get("/api/runs", params={"limit": "many"})
    assert wrong.json()["faults"][0]["path"] == "query.limit"


def test_the_token_is_kept_as_a_hash_that_others_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "api-token"
    token, text = kept_token(path)
    assert text is not None
    assert text not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again, shown = kept_token(path)
    assert shown is None
    assert again.matches(text)
    assert token.matches(text)
    _, newer = kept_token(path, renew=True)
    assert newer is not None
    assert not kept_token(path)[0].matches(text)
    os.chmod(path, 0o644)
    with pytest.raises(EngineError, match="can be read by others"):
        kept_token(path)
    os.chmod(path, 0o600)
    path.write_text("no hash")
    with pytest.raises(EngineError, match="--new-token"):
        kept_token(path)


def test_short_tokens_are_none() -> None:
    with pytest.raises(EngineError, match="at least 24"):
        Token.of("secret")
    with pytest.raises(EngineError, match="at least 24"):
        create_app(None, "short")  # type: ignore[arg-type]


@given(st.text())
def test_no_other_text_is_the_token(text: str) -> None:
    assert Token.of(TOKEN).matches(text) is (text == TOKEN)


def test_tickets_end_and_are_few() -> None:
    now = [0.0]
    tickets = Tickets(30, lambda: now[0])
    first = tickets.issue()
    for _ in range(MAX_TICKETS):
        last = tickets.issue()
    assert not tickets.use(first)
    now[0] = 31.0
    assert not tickets.use(last)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2)), max_size=60))
def test_nobody_gets_more_than_burst_and_rate(steps: list[tuple[str, float]]) -> None:
    now = [0.0]
    rates = Rates(2.0, 5, lambda: now[0])
    taken: dict[str, int] = {}
    for key, pause in steps:
        now[0] += pause
        wait = rates.wait_seconds(key)
        assert 0 <= wait <= 0.5
        taken[key] = taken.get(key, 0) + (wait == 0)
        assert taken[key] <= 5 + 2 * now[0] + 1e-6


async def test_the_api_needs_a_journal() -> None:
    from livets.flow import FlowRuntime

    async with FlowRuntime() as runtime:
        with pytest.raises(EngineError, match="give FlowRuntime a folder"):
            create_app(runtime, TOKEN)


def test_without_fastapi_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    monkeypatch.delitem(sys.modules, "livets.api.flow.app", raising=False)
    with pytest.raises(MissingExtra, match=r"pip install 'livets\[api\]'"):
        create_app(None, TOKEN)  # type: ignore[arg-type]
