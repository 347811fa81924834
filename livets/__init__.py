"""livets: live pages in Python. State on the server, minimal patches over a WebSocket, no JavaScript to write."""

from livets.live import LiveView, event, field
from livets.render.keyed_list import KeyedList

__all__ = ["KeyedList", "LiveView", "event", "field"]
