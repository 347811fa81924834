"""Join, resume, the outbox, and everything that happens to a connection."""

from __future__ import annotations

import asyncio

from livets.wire.limits import OUTBOX_WINDOW
from livets.wire.messages import Beat, Event, Frame, Heal, Join, JoinMode, Resume

BUTTON = '<button ts-on:click="add">x</button><p>0</p>'
SHAPE = [['<button ts-on:click="add">x</button><p>x</p>', [[0, [1, 0], "", ""]]]]
CLICK = "n => { for (let i = 0; i < n; i++) document.querySelector('button').click(); }"


def refs(script) -> list[int]:
    return [event.ref for event in script.events]


async def test_join(script):
    page = await script.open(BUTTON, SHAPE)
    join = script.received[0]
    assert join == Join(0, "TOKEN", "/?q=1")
    assert script.subprotocol == "livets.1.msgpack"
    assert await page.get_attribute("#livets", "class") == "livets-connected"


async def test_json(script):
    page = await script.open(BUTTON, SHAPE, wire="json")
    assert script.subprotocol == "livets.1.json"
    await page.click("button")
    await script.event()
    await script.patch(0, "jsön", done=1)
    assert await script.text("p") == "jsön"


async def test_every_msgpack_form_is_read(script):
    page = await script.open(BUTTON, SHAPE)
    integers = [0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**53]
    integers += [-1, -32, -33, -128, -129, -32768, -32769, -(2**31), -(2**31) - 1, -(2**53)]
    for value in [*integers, "", "x" * 31, "é" * 40, "x" * 300, "x" * 70000]:
        await script.patch(0, value)
        assert await script.text("p") == str(value)
    await script.patch(-99, [1.5, None, True, False, list(range(70000)), {str(n): n for n in range(70000)}], 0, "end")
    assert await script.text("p") == "end"
    await page.click("button")
    assert (await script.event()).seen == script.seq


async def test_rapid_clicks_in_order_with_a_slow_server(script):
    page = await script.open(BUTTON, SHAPE)
    await page.evaluate(CLICK, 20)
    await script.event(20)
    assert refs(script) == list(range(1, 21))
    for ref in range(1, 21):
        await script.patch(0, ref, done=ref)
        assert await script.text("p") == str(ref)


async def test_window(script):
    page = await script.open(BUTTON, SHAPE)
    await page.evaluate(CLICK, OUTBOX_WINDOW + 8)
    await script.event(OUTBOX_WINDOW)
    await script.send(Frame.BEAT, done=OUTBOX_WINDOW, durable=0)  # done is not durable
    await script.send(Frame.ACK, durable=3)
    await script.event(OUTBOX_WINDOW + 3)
    await script.send(Frame.ACK, done=OUTBOX_WINDOW, durable=OUTBOX_WINDOW)
    await script.event(OUTBOX_WINDOW + 8)
    assert refs(script) == list(range(1, OUTBOX_WINDOW + 9))


async def test_events_before_the_first_join_are_kept(script):
    async def silence(message):
        pass

    script.answer = silence
    page = await script.open(BUTTON, SHAPE, wait=False)
    await script.wait(lambda: script.received)
    assert await page.get_attribute("#livets", "class") == "livets-connecting"
    await page.evaluate(CLICK, 2)
    await script.joined()
    await script.event(2)
    assert refs(script) == [1, 2]


async def test_resume_sends_what_is_not_durable_again(script):
    page = await script.open(BUTTON, SHAPE)
    await page.evaluate(CLICK, 3)
    await script.event(3)
    await script.patch(0, "two done", done=2, durable=1)
    secret = f"secret-{script.sockets}"
    script.refuse_sockets = True
    script.mode = JoinMode.REPLAYED
    await script.cut()
    await page.wait_for_selector(".livets-offline")
    await page.evaluate(CLICK, 2)
    script.refuse_sockets = False
    await script.wait(lambda: script.sockets == 2 and len(script.events) == 4)
    assert script.received[0] == Resume(0, "view-id", secret, "/?q=1", script.seq - 1, 2, "F1")
    assert refs(script) == [2, 3, 4, 5]
    await page.wait_for_selector(".livets-connected")
    await script.send(Frame.ACK, done=5)
    await script.cut()
    await script.wait(lambda: script.sockets == 3 and script.received)
    await page.evaluate(CLICK, 1)
    await script.event()
    assert refs(script) == [6]


async def test_replayed_frames_are_applied_once(script):
    page = await script.open(BUTTON, SHAPE)
    await script.patch(0, "shown")
    seen = script.seq

    async def replay(message):
        if isinstance(message, Resume):
            assert message.seen == seen
            await script.send(Frame.JOINED, ["view-id", "s", 1, "F1", []], seq=seen + 2)
            await script.send(Frame.PATCH, [0, "old"], seq=seen)
            await script.send(Frame.PATCH, [0, "missed"], seq=seen + 1)
            await script.send(Frame.PATCH, [-1, "end"], seq=seen + 3)

    script.answer = replay
    await script.cut()
    await page.wait_for_function("() => document.title === 'end'")
    assert await script.text("p") == "missed"


async def test_remounted_view_counts_from_one(script):
    page = await script.open(BUTTON, SHAPE)
    await page.evaluate(CLICK, 5)
    await script.event(5)
    await script.patch(0, "three", done=3)
    script.mode, script.done = JoinMode.REMOUNTED, 0
    await script.cut()
    await script.wait(lambda: script.sockets == 2 and len(script.events) == 4)
    assert refs(script) == [4, 5, 1, 2]
    await page.evaluate(CLICK, 1)
    await script.event(5)
    assert script.events[-1].ref == 3
    await script.patch(0, "again", done=1)
    assert await script.text("p") == "again"


async def test_filled(script):
    await script.open(BUTTON, SHAPE)

    async def answer(message):
        if isinstance(message, Resume):
            await script.joined(JoinMode.FILLED, [-10, ["filled"]])

    script.answer = answer
    await script.cut()
    await script.page.wait_for_function("() => document.querySelector('p').textContent === 'filled'")


async def test_error_is_told_to_scripts(script):
    page = await script.open(BUTTON, SHAPE)
    await page.evaluate("addEventListener('livets:error', e => document.title = JSON.stringify(e.detail))")
    await page.click("button")
    await script.event()
    await script.send(Frame.ERROR, ["forbidden", "not yours", 1], done=1)
    await page.wait_for_function("() => document.title.includes('forbidden')")
    assert await page.title() == '{"code":"forbidden","message":"not yours"}'
    assert any("not yours" in line for line in script.console)


async def test_refused_loads_an_old_page_again_and_a_fresh_one_says_so(script):
    async def refuse(message):
        await script.send(Frame.REFUSED, ["expired", "the page is too old"])

    page = await script.open(BUTTON, SHAPE)
    script.answer = refuse
    await page.evaluate("performance.now = () => 60_001")
    await script.cut()
    await script.wait(lambda: script.sockets > 2)
    await page.wait_for_selector(".livets-failed")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")
    assert await page.get_attribute("#livets", "class") == "livets-failed"
    assert script.sockets == 3
    assert any("too old" in line for line in script.console)


async def test_move(script):
    page = await script.open(BUTTON, SHAPE)
    script.mode = JoinMode.REPLAYED
    await script.send(Frame.MOVE)
    await script.wait(lambda: script.sockets == 2 and script.of(Resume))
    await page.wait_for_selector(".livets-connected")


async def test_heartbeat_and_silence(script):
    page = script.page
    await page.clock.install()
    await script.open(BUTTON, SHAPE)
    await page.clock.pause_at(await page.evaluate("Date.now() / 1000 + 1"))
    await page.clock.run_for(25_000)
    assert (await script.wait(lambda: script.of(Beat)))[0] == Beat(script.seq)
    await page.clock.run_for(60_000)
    await page.clock.resume()
    script.mode = JoinMode.REPLAYED
    await script.wait(lambda: script.sockets == 2 and script.of(Resume))


async def test_backoff_has_jitter_and_a_limit(script):
    page = await script.open(BUTTON, SHAPE)
    await page.evaluate(
        "() => { const delays = document.documentElement.delays = [], timeout = setTimeout;"
        " setTimeout = (f, ms) => { ms === 1500 || delays.push(ms); return timeout(f, 1); }; }"
    )
    script.refuse_sockets = True
    await script.cut()
    await page.wait_for_function("() => document.documentElement.delays.length > 20")
    delays = (await page.evaluate("document.documentElement.delays"))[:20]
    assert all(0 <= delay <= min(10_000, 250 * 2**n) for n, delay in enumerate(delays))
    assert max(delays) > 2_000
    assert len(set(delays)) == 20


async def test_a_hidden_page_waits_until_it_is_seen(script):
    page = await script.open(BUTTON, SHAPE)
    await page.evaluate("() => Object.defineProperty(document, 'hidden', {get: () => !document.documentElement.shown})")
    await page.evaluate(
        "() => { const timeout = setTimeout;"
        " setTimeout = (f, ms) => timeout(() => { f(); document.title = 'waited'; }, 1); }"
    )
    await script.cut()
    await page.wait_for_function("() => document.title === 'waited'")
    assert script.sockets == 1
    await page.evaluate(
        "document.documentElement.shown = 1; document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))"
    )
    await script.wait(lambda: script.sockets == 2 and script.of(Resume))


async def test_back_forward_cache(script):
    page = await script.open(BUTTON, SHAPE)
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
    assert script.socket
    await asyncio.wait_for(script.socket.wait_closed(), 5)
    await page.evaluate(CLICK, 1)
    script.mode = JoinMode.REPLAYED
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await script.wait(lambda: script.sockets == 2 and script.events)
    assert [type(message) for message in script.received] == [Resume, Event]


async def test_nothing_on_window_and_no_violation_of_the_policy(script, board):
    foreign = "document.querySelector('#livets').names = Object.getOwnPropertyNames(window).length;"
    page = await script.open(board.markup, board.shape, foreign=foreign)
    clean = await page.context.new_page()
    await clean.goto(script.origin + "/foreign.js")
    names = "Object.getOwnPropertyNames(window)"
    extra = set(await page.evaluate(names)) - set(await clean.evaluate(names))
    assert not {name for name in extra if name not in ("livets", "livets-shape")}
    await script.patch(*[part for pair in enumerate(board.fill[:4]) for part in pair])
    assert not [line for line in script.console if "CSP" in line or "pageerror" in line]
    assert script.of(Heal) == []


async def test_an_event_beyond_the_limit_is_not_sent_for_ever(script):
    markup = '<textarea ts-model="text"></textarea>'
    page = await script.open(markup, [[markup, []]])
    await page.evaluate("addEventListener('livets:error', e => document.title = e.detail.code)")
    await page.fill("textarea", "x" * 66_000)
    assert await page.title() == "too_large"
    await page.fill("textarea", "x" * 65_000)
    event = await script.event()
    assert (event.ref, len(event.fields["text"])) == (1, 65_000)
    assert script.sockets == 1
