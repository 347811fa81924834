"""The to-do list alone: `uvicorn examples.todo.app:app`."""

from examples import site
from examples.todo import Todos

app = site.application(title="To-do")
app.live("/", Todos)
