"""A chat: rooms, people, who is typing; kept in SQLite, told through topics."""

from examples.chat.entrance import entrance
from examples.chat.view import Chat

__all__ = ["Chat", "entrance"]
