"""The request that a view keeps."""

from __future__ import annotations

from livets.transport.request import PageRequest

SCOPE = {
    "type": "websocket",
    "scheme": "wss",
    "path": "/shop/livets/socket",
    "root_path": "/shop",
    "query_string": b"",
    "client": ("10.0.0.1", 5),
    "headers": [(b"host", b"app.com"), (b"cookie", b"a=b; c=d:e"), (b"x-empty", b"")],
}


def test_it_reads_as_the_pages_request_also_at_a_socket() -> None:
    request = PageRequest(dict(SCOPE), "/items/7?kind=a%20b&kind=c")
    assert request.query_params.getlist("kind") == ["a b", "c"]
    assert request.path == "/items/7"
    assert str(request.url) == "https://app.com/shop/items/7?kind=a%20b&kind=c"
    assert request.cookies == {"a": "b", "c": "d:e"}
    assert request.headers["host"] == "app.com"
    assert request.headers["x-empty"] == ""
    assert request.client is not None
    assert request.client.host == "10.0.0.1"
