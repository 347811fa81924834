"""The vertical slice: hydrate, join, click, apply."""
from __future__ import annotations
from livets.wire.messages import Join


async def test_slice(script):
    shape = [
        ['<h1>x</h1><button ts-on:click="inc(2)">+</button><!--[--><!--]--><ul><!--[--><!--]--></ul>',
         [[0, [0, 0], "n=", ""], [4, [2], [["<p>x</p>", [[0, [0, 0], "", ""]]]]],
          [5, [4, 0], ["\n<li>x</li>\n", [[1, [1], "id", "r", ""], [0, [1, 0], "", ""]]], ["id", "r", ""]]]],
    ]
    body = ('<h1>n=1</h1><button ts-on:click="inc(2)">+</button><!--[-1--><!--]--><ul><!--[-->\n<li id="r1">a</li>\n\n'
            '<li id="r2">b</li>\n<!--]--></ul>')
    page = await script.open(*[body, shape[0:1]])
    assert script.of(Join)[0].token == "TOKEN"
    await page.click("button")
    event = await script.event()
    assert (event.handler, event.args) == ("inc", [2])
    await script.patch(0, 3, 1, [0, ["hello"]], 2, [3, "2", [3, [3, "c"]], 16 + 1, 1, "A", 1, 3, None], done=1)
    assert await script.html() == (
        '<h1>n=3</h1><button ts-on:click="inc(2)">+</button><!--[-1--><p>hello</p><!--]--><ul><!--[-->'
        '\n<li id="r3">c</li>\n\n<li id="r1">A</li>\n\n<li id="r2">b</li>\n<!--]--></ul>')
    print(script.console)
