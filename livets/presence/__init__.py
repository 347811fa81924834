"""Who is here: people tracked by the views of all workers, with what they say of themselves."""

from livets.presence.people import Delta, Entry, People, PresenceChange
from livets.presence.redis import RedisPeople
from livets.presence.service import PREFIX, Presence
from livets.presence.store import PeopleStore

__all__ = ["PREFIX", "Delta", "Entry", "People", "PeopleStore", "Presence", "PresenceChange", "RedisPeople"]
