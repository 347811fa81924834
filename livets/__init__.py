"""livets: live pages in Python. State on the server, minimal patches over a WebSocket, no JavaScript to write."""

from livets.app import LiveTS
from livets.errors import LivetsError
from livets.live import LiveView, event, field
from livets.render import KeyedList

__all__ = ["KeyedList", "LiveTS", "LiveView", "LivetsError", "event", "field"]
