"""The demo: an index page and every example under a path of its own."""

from __future__ import annotations

from examples import counter, site, todo
from livets import LiveTS, LiveView


class Index(LiveView):
    """Links to the examples."""

    template = """
    <header class="hero">
      <h1>livets</h1>
      <p>Live pages, written in Python. State stays on the server; the browser follows.</p>
    </header>
    <nav class="cards" aria-label="Examples">
      <a class="card" href="/counter"><h2>Counter</h2>
        <p>The smallest live view: one number, three buttons.</p></a>
      <a class="card" href="/todo"><h2>To-do</h2>
        <p>A list shared by every window that is open. Try it in two.</p></a>
    </nav>"""


app: LiveTS = site.application(title="livets examples", templates=[todo.TEMPLATES])
app.live("/", Index, title="livets examples")
app.live("/counter", counter.Counter, title="Counter")
app.live("/todo", todo.Todos, title="To-do")
