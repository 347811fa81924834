"""Attacks on what is there by default, by the numbers of the security research (T01 ... T30), over real sockets.

Those that have a file of their own: T08 test_guards (other origins) and tests/unit/transport/test_origin (T10, T12);
T13 test_signing (forged requests) and test_guards (tokens of others); T19 tests/e2e/rendering and tests/unit/render;
T25 test_bounds (pings, fragments) and test_guards (sizes); T26 test_fuzz; T27, T28 test_guards (views per socket, join
deadline); T30 tests/unit/wire/test_codec.
"""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.exceptions import InvalidStatus

from livets import LiveTS, LiveView, event, field
from livets.transport import Connector
from livets.wire import Event, Frame, codes
from tests.integration.transport.harness import Browser, Closed, app, serving
from tests.integration.transport.harness import event as sends
from tests.integration.transport.views import Broken


class Mixin:
    reached: int = 0

    def helper(self) -> None:
        type(self).reached += 1


class Vault(Mixin, LiveView):
    shown: str = "x"
    locked: str = "mine"
    number: int = 1
    pair: list[int] = [1]
    internal: object = field(None, persist=False)
    limit = 5
    template = (
        '<p title="{{ shown }}">{{ shown }}</p><i>{{ locked }}</i><input ts-model="shown"><input ts-model="number">'
    )

    @event
    async def show(self, text: str, times: int = 1) -> None:
        self.shown = text * times

    def plain(self) -> None:
        Mixin.reached += 1

    @property
    def computed(self) -> str:
        return "computed"


@pytest.fixture
def site() -> LiveTS:
    Mixin.reached = 0
    site = app()
    site.live("/", Vault)
    site.live("/broken", Broken)
    return site


async def refused(user: Browser, events: list[Event], expected: set[str], site: LiveTS) -> None:
    """Each event is refused, the socket and the state stay, and the next good one is handled."""
    socket = await user.join()
    for sent in events:
        await socket.send(sent)
        frame = await socket.receive_kind(Frame.ERROR)
        assert frame.body[0] in expected, (sent, frame.body)
        assert frame.body[2] == sent.ref
        assert len(frame.body[1]) < 2000
    view: Any = next(iter(site.registry)).runner.view
    assert (view.shown, view.locked, view.number, view.pair, Vault.limit, Mixin.reached) == ("x", "mine", 1, [1], 5, 0)
    await socket.send(sends(len(events) + 1, "show", "fine"))
    assert (await socket.receive_kind(Frame.PATCH)).done == len(events) + 1
    async with Browser(user.origin) as other:
        assert "<i>mine</i>" in (await other.open("/")).text


NOT_CALLABLE = [
    "__init__",
    "__class__",
    "_x",
    "_live",
    "mount",
    "render",
    "updated",
    "unmount",
    "resumed",
    "resync",
    "handle_event",
    "state",
    "set_state",
    "subscribe",
    "broadcast",
    "update",
    "commit",
    "cancel",
    "touch",
    "every",
    "session",
    "request",
    "params",
    "event",
    "set_input",
    "patch",
    "redirect",
    "helper",
    "plain",
    "computed",
    "shown",
    "limit",
    "template",
    "show.__func__",
    "show.",
    ".show",
    "Show",
    "\uff53\uff48\uff4f\uff57",
    "show\0",
    "show show",
    "x" * 10_000,
]


async def test_t01_only_declared_events_can_be_called(user: Browser, site: LiveTS) -> None:
    events = [sends(ref, name) for ref, name in enumerate(NOT_CALLABLE, 1)]
    await refused(user, events, {codes.UNKNOWN_EVENT}, site)


async def test_t01_wrong_arguments_are_refused_in_words_and_nothing_has_changed(user: Browser, site: LiveTS) -> None:
    calls: list[tuple[Any, ...]] = [
        (),
        (1,),
        ("a", "b"),
        ("a", 1, 2),
        (["a"],),
        ({"a": 1},),
        (None,),
        ("a", 1.5),
        ("a", None),
    ]
    events = [sends(ref, "show", *args) for ref, args in enumerate(calls, 1)]
    await refused(user, events, {codes.BAD_ARGUMENTS}, site)


async def test_t02_no_path_leads_out_of_the_declared_fields(user: Browser, site: LiveTS) -> None:
    names = [
        "__class__",
        "__class__.limit",
        "shown.__init__.__globals__.K",
        "shown[__proto__]",
        "__dict__",
        "limit",
        "_live",
        "_live.session",
        "template",
        "title.x",
        "helper",
        "state",
        "session",
        "request.path",
        "a.b.c.d.e.f.g.h.i.j.k",
        "",
    ]
    events = [Event(ref, 0, "", [], {}, {name: "pwned"}) for ref, name in enumerate(names, 1)]
    await refused(user, events, {codes.UNKNOWN_FIELD}, site)


async def test_t03_locked_fields_and_containers_for_scalars_are_refused(user: Browser, site: LiveTS) -> None:
    values: list[dict[str, Any]] = [
        {"locked": "pwned"},
        {"internal": "pwned"},
        {"pair": [2]},
        {"title": "pwned"},
        {"shown": ["x", {"s": "arr", "class": "os.system"}]},
        {"shown": {"__class__": "x"}},
        {"shown": 5},
        {"number": "many"},
        {"number": [1]},
        {"shown": "fine", "locked": "pwned"},
    ]
    events = [Event(ref, 0, "", [], {}, fields) for ref, fields in enumerate(values, 1)]
    await refused(user, events, {codes.UNKNOWN_FIELD, codes.BAD_FIELD}, site)


async def test_t05_values_are_never_template_source(user: Browser) -> None:
    socket = await user.join()
    for ref, text in enumerate(("{{ 7*7 }}", "{% raw %}", "${7*7}", "{{ config }}"), 1):
        await socket.send(sends(ref, "show", text))
        assert text in str((await socket.receive_kind(Frame.PATCH)).body)


PUBLIC = {"/", "/broken", "/livets/socket", "/livets/down", "/livets/up", "/livets/{name}"}


async def test_t09_every_route_is_known(site: LiveTS, user: Browser) -> None:
    found = {getattr(route, "path", "?") for route in site.routes if isinstance(route, Route | WebSocketRoute | Mount)}
    assert found <= PUBLIC, "a new route has to be looked at: who may ask it, from where?"
    for route in site.routes:
        if isinstance(route, WebSocketRoute):
            with pytest.raises(InvalidStatus):
                await user.connect(origin="http://evil.com")
    for path in ("/livets/down", "/livets/up"):
        assert (await user.http.post(path, headers={"Origin": "http://evil.com"})).status_code == 403
        assert (await user.http.get(path)).status_code == 404, "no link and no image asks it"
    for path in ("/livets/dev", "/livets/dev.js", Connector(dev=True).url("dev.js"), Connector().url("dev.js")):
        assert (await user.http.get(path)).status_code == 404, "development is not served in production"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_t13_nothing_that_is_not_get_reaches_a_view(user: Browser, method: str) -> None:
    assert (await user.http.request(method, "/")).status_code == 405
    assert (await user.http.request(method, "/", headers={"Origin": "http://evil.com"})).status_code == 403


XSS = [
    "<script>x()</script>",
    '"><img src=x onerror=x()>',
    "' onmouseover='x()",
    "</title><svg onload=x()>",
    "<!--",
    "]]>",
]


@pytest.mark.parametrize("text", XSS)
async def test_t19_what_is_shown_is_escaped_in_html_and_raw_text_on_the_wire(user: Browser, text: str) -> None:
    socket = await user.join()
    await socket.send(sends(1, "show", text))
    frame = await socket.receive_kind(Frame.PATCH)
    assert text in frame.body, "a text node and an attribute: set as data, never parsed"
    site = app()

    class Shows(LiveView):
        text: str = ""
        template = '<p title="{{ text }}">{{ text }}</p><textarea>{{ text }}</textarea>'

        def mount(self) -> None:
            self.text = self.request.query_params["text"]
            self.title = self.text

    site.live("/", Shows)
    async with serving(site) as origin, Browser(origin) as reader:
        html = (await reader.http.get("/", params={"text": text})).text
        assert text not in html or text == "]]>"
        policy = (await reader.http.get("/", params={"text": text})).headers["content-security-policy"]
        assert "object-src 'none'" in policy or "base-uri" in policy


async def test_t20_attribute_names_do_not_come_from_data() -> None:
    class Names(LiveView):
        attributes: dict[str, str] = {"onclick x": "1", 'a"><script>': "1"}
        template = "<p{{ attributes|xmlattr }}>x</p>"

    site = app()
    site.live("/", Names)
    async with serving(site) as origin, Browser(origin) as user:
        response = await user.open("/")
    assert response.status_code == 500
    assert "<script>" not in response.text
    assert "onclick" not in response.text


async def test_t21_production_tells_nothing_of_an_error(user: Browser, caplog: pytest.LogCaptureFixture) -> None:
    response = await user.http.get("/broken")
    assert response.status_code == 500
    for word in ("secret reason", "Traceback", "RuntimeError", "/work", ".py"):
        assert word not in response.text
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    number = record.getMessage().split()[1].strip(":")
    assert number in response.text, "the number that finds it in the log"


async def test_t21_development_shows_it_inert() -> None:
    site = app(dev=True)
    site.live("/broken", Broken)
    async with serving(site) as origin, Browser(origin) as user:
        text = (await user.http.get("/broken")).text
    assert "Traceback" in text
    assert "<script>secret" not in text
    assert "&lt;script&gt;secret reason" in text


async def test_t22_names_that_objects_have_are_only_data(user: Browser, site: LiveTS) -> None:
    socket = await user.join()
    names = ["__proto__", "constructor", "hasOwnProperty", "toString", "__class__"]
    for ref, name in enumerate(names, 1):
        await socket.send(Event(ref, 0, "show", ["a"], {name: {"polluted": True}, "form": {name: "x"}}, {}))
    frame = await socket.receive()
    while frame.done < len(names):
        assert frame.kind != Frame.ERROR
        frame = await socket.receive()
    view = next(iter(site.registry)).runner.view
    assert type(view) is Vault
    assert not hasattr(view, "polluted")


async def test_t28_a_socket_that_has_not_joined_starts_nothing(user: Browser, site: LiveTS) -> None:
    sockets = [await user.connect() for _ in range(30)]
    assert site.registry.joined == 0
    assert not site.worker._tasks
    for socket in sockets:
        await socket.close()


@pytest.mark.parametrize(
    "value",
    [msgspec.msgpack.Ext(1, b"x"), float("nan"), float("inf"), 2**63, b"bytes", {1: 2}],
    ids=["ext", "nan", "inf", "huge", "bytes", "key"],
)
async def test_t30_odd_values_build_nothing_and_change_nothing(user: Browser, site: LiveTS, value: Any) -> None:
    socket = await user.join()
    await socket.send(msgspec.msgpack.encode([1, 1, 0, "show", ["a", value], {}, {}, 0]))
    with contextlib.suppress(Closed):
        assert (await socket.receive()).kind == Frame.ERROR
    view: Any = next(iter(site.registry)).runner.view
    assert view.shown == "x"
