"""The to-do list alone: `uvicorn examples.todo.app:app`."""

from examples import site
from examples.todo import TEMPLATES, Todos

app = site.application(title="To-do", templates=[TEMPLATES])
app.live("/", Todos)
