"""The demo: an index page and every example under a path of its own."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from examples import site
from examples.chat import Chat, entrance
from examples.counter import Counter
from examples.flow import watching
from examples.todo import Todos
from livets import LiveTS, LiveView


class Index(LiveView):
    """Links to the examples."""

    template = """
    <header class="hero">
      <h1>livets</h1>
      <p>Live pages, written in Python. State stays on the server; the browser follows.</p>
    </header>
    <main>
      <ul class="cards" aria-label="Examples">
        <li><a class="card" href="/counter"><h2>Counter</h2>
          <p>The smallest live view: one number, three buttons, twenty lines.</p></a></li>
        <li><a class="card" href="/todo"><h2>To-do</h2>
          <p>One list for every open window. Keyboard throughout, and removals can be undone.</p></a></li>
        <li><a class="card" href="/chat/lobby"><h2>Chat</h2>
          <p>Rooms, people, and who is typing. Open it in two windows.</p></a></li>
        <li><a class="card" href="/flow"><h2>Workflow</h2>
          <p>A week's sales, read, reckoned and approved: a run, watched and steered while it goes on.</p></a></li>
      </ul>
    </main>
    <footer class="hero soft"><p>No line of JavaScript was written for these pages.</p></footer>"""


flow = watching.studio()


@contextlib.asynccontextmanager
async def lifespan(_app: LiveTS) -> AsyncIterator[None]:
    """The workflow's runtime lives as long as the demo."""
    async with flow.runtime, flow.lifespan():
        yield


app = site.application(title="livets examples", lifespan=lifespan)
app.live("/", Index, title="livets examples")
app.live("/counter", Counter, title="Counter")
app.live("/todo", Todos, title="To-do")
app.live("/chat/{room}", Chat)
app.route("/chat", entrance)
flow.add_to(app, "/flow")
