"""Views: what applications subclass, and what runs them."""

from livets.live.asleep import Asleep
from livets.live.event import event
from livets.live.fields import field
from livets.live.outbox import Outbox
from livets.live.runner import ViewRunner
from livets.live.view import LiveView

__all__ = ["Asleep", "LiveView", "Outbox", "ViewRunner", "event", "field"]
