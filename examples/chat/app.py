"""The chat alone: `uvicorn examples.chat.app:app`, then http://localhost:8000."""

from examples import site
from examples.chat import Chat, entrance

app = site.application(title="Chat")
app.live("/chat/{room}", Chat)
app.route("/", entrance)
app.route("/chat", entrance)
