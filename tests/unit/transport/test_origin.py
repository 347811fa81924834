"""Who may open a socket (T08, T10, T12)."""

from __future__ import annotations

from typing import Any

import pytest

from livets.errors import ConfigError
from livets.transport.origin import OriginPolicy


def scope(host: str | None = "app.com", origin: str | None = None, scheme: str = "ws", **more: str) -> dict[str, Any]:
    headers = [] if host is None else [(b"host", host.encode())]
    headers += [] if origin is None else [(b"origin", origin.encode())]
    headers += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    return {"type": "websocket", "scheme": scheme, "path": "/livets/socket", "headers": headers}


REFUSED = [
    None, "", "null", "http://evil.com", "http://evil-app.com", "http://app.com.evil", "http://appXcom", "https://app.com",
    "http://app.com:8080", "https://app@evil", "http://app.com@evil.com", "http://app.com.", "http://APP.com",
    "HTTP://app.com", "http://app.com/", "http://app.com:80", "http://app.com ", " http://app.com", "app.com",
    "//app.com",
    "http://app.com, http://evil.com", "http://app.com\\@evil", "http://app.com#", "ws://app.com", "http://\u0430pp.com",
]  # fmt: skip


@pytest.mark.parametrize("origin", REFUSED)
def test_other_origins_are_refused(origin: str | None) -> None:
    assert not OriginPolicy().allows(scope(origin=origin))
    assert not OriginPolicy(["https://other.example"]).allows(scope(origin=origin))


@pytest.mark.parametrize(
    ("host", "scheme", "origin"),
    [
        ("app.com", "ws", "http://app.com"),
        ("app.com:80", "ws", "http://app.com"),
        ("APP.com", "ws", "http://app.com"),
        ("app.com", "wss", "https://app.com"),
        ("app.com:443", "wss", "https://app.com"),
        ("localhost:8000", "ws", "http://localhost:8000"),
        ("127.0.0.1:8000", "ws", "http://127.0.0.1:8000"),
        ("[::1]:8000", "ws", "http://[::1]:8000"),
    ],
)
def test_the_own_origin_is_allowed(host: str, scheme: str, origin: str) -> None:
    assert OriginPolicy().allows(scope(host, origin, scheme))


@pytest.mark.parametrize("host", [None, "", "app.com/health?", "app.com#", "app.com\\", "a b", "app.com:x", "@app.com"])
def test_a_host_that_is_none_has_no_origin(host: str | None) -> None:
    policy = OriginPolicy(["http://listed.example"])
    assert policy.own(scope(host)) is None
    assert not policy.allows(scope(host, f"http://{host}"))
    assert policy.allows(scope(host, "http://listed.example"))


def test_headers_that_come_twice_count_as_missing() -> None:
    twice = scope(origin="http://app.com")
    twice["headers"].append((b"origin", b"http://app.com"))
    assert not OriginPolicy().allows(twice)
    hosts = scope(origin="http://app.com")
    hosts["headers"].insert(0, (b"host", b"evil.com"))
    assert not OriginPolicy().allows(hosts)


def test_each_policy_keeps_its_own_list() -> None:
    first, second = OriginPolicy(["https://one.example"]), OriginPolicy(["https://two.example"])
    for policy, yes, no in ((first, "one", "two"), (second, "two", "one"), (first, "one", "two")):
        assert policy.allows(scope(origin=f"https://{yes}.example"))
        assert not policy.allows(scope(origin=f"https://{no}.example"))


def test_forwarded_headers_count_only_when_configured() -> None:
    behind = scope("inner:8000", "https://app.com", x_forwarded_proto="https", x_forwarded_host="app.com")
    assert not OriginPolicy().allows(behind)
    trusting = OriginPolicy(trust_forwarded=True)
    assert trusting.allows(behind)
    assert trusting.is_secure(behind)
    assert not OriginPolicy().is_secure(behind)
    assert not trusting.allows(scope("inner:8000", "http://inner:8000", x_forwarded_host="app.com/x"))


@pytest.mark.parametrize(
    "entry", ["app.com", "https://app.com/", "*", "https://*.app.com", "null", "https://app.com:443", "https://App.com"]
)
def test_entries_that_no_browser_sends_are_errors_that_teach(entry: str) -> None:
    with pytest.raises(ConfigError, match="as browsers send it"):
        OriginPolicy([entry])
