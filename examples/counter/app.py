"""The counter alone: `uvicorn examples.counter.app:app`."""

from examples import site
from examples.counter.view import Counter

app = site.application(title="Counter")
app.live("/", Counter)
