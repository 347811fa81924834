"""The session cookie: sealed, bounded in time, nothing readable, nothing forgeable."""

from __future__ import annotations

import base64
from http.cookies import SimpleCookie
from typing import Any

import pytest

from livets.state import KeyRing
from livets.transport.session import SessionCookie
from tests.unit.transport.conftest import Clock

KEYS = KeyRing(["k" * 32])


@pytest.fixture
def cookie(clock: Clock) -> SessionCookie:
    return SessionCookie(KEYS, name="s", max_age_s=1000, clock=clock)


def scope(*cookies: str) -> dict[str, Any]:
    return {"headers": [(b"cookie", value.encode("latin-1")) for value in cookies]}


def test_what_was_set_is_read(cookie: SessionCookie) -> None:
    session = cookie.new({"user": 7})
    morsel = SimpleCookie(cookie.header(session, secure=False))["s"]
    assert (morsel["path"], morsel["max-age"], morsel["samesite"]) == ("/", "1000", "Lax")
    assert morsel["httponly"]
    assert not morsel["secure"]
    assert cookie.read(scope(f"a=b; s={morsel.value}; c=d"), secure=False) == session
    assert cookie.read(scope("a=b", f"s={morsel.value}"), secure=False) == session


def test_over_tls_the_name_is_locked_to_the_host(cookie: SessionCookie) -> None:
    session = cookie.new()
    header = cookie.header(session, secure=True)
    assert header.startswith("__Host-s=")
    assert header.endswith("; Secure")
    pair = header.partition(";")[0]
    assert cookie.read(scope(pair), secure=True) == session
    assert cookie.read(scope(pair.removeprefix("__Host-")), secure=True) is None
    assert cookie.read(scope(pair), secure=False) is None


def test_every_flipped_character_makes_it_anonymous(cookie: SessionCookie) -> None:
    box = cookie.header(cookie.new({"user": 7}), secure=False).partition(";")[0].removeprefix("s=")
    for index, character in enumerate(box):
        other = "A" if character != "A" else "B"
        assert cookie.read(scope(f"s={box[:index]}{other}{box[index + 1 :]}"), secure=False) is None


def test_the_end_stands_inside(cookie: SessionCookie, clock: Clock) -> None:
    session = cookie.new()
    pair = cookie.header(session, secure=False).partition(";")[0]
    clock.now += 999
    assert cookie.read(scope(pair), secure=False) == session
    clock.now += 1
    assert cookie.read(scope(pair), secure=False) is None
    assert cookie.has_expired(session)


def test_it_is_renewed_after_half_of_its_time(cookie: SessionCookie, clock: Clock) -> None:
    session = cookie.new({"user": 7})
    assert cookie.renewed(session) is None
    clock.now += 501
    later = cookie.renewed(session)
    assert later is not None
    assert (later.id, later.data, later.expires) == (session.id, session.data, session.expires + 501)


def test_nothing_can_be_read(cookie: SessionCookie) -> None:
    session = cookie.new({"user": "somebody@example.com"})
    box = cookie.header(session, secure=False).partition(";")[0].removeprefix("s=")
    raw = base64.urlsafe_b64decode(box + "==")
    assert b"somebody" not in raw
    assert session.id.encode() not in raw


@pytest.mark.parametrize("value", ["", "s", "s=", "s=;", "=s", "s=" + "A" * 20_000, "s=\xff\xfe", ";;;=;"])
def test_nonsense_is_no_session(cookie: SessionCookie, value: str) -> None:
    assert cookie.read(scope(value), secure=False) is None
