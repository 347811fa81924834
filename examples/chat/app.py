"""The chat alone: `uvicorn examples.chat.app:app`, then http://localhost:8000/chat/lobby."""

from examples import site
from examples.chat import Chat

app = site.application(title="Chat")
app.live("/chat/{room}", Chat)
