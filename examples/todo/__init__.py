"""A to-do list that every open window shares, kept in SQLite."""

from examples.todo.view import Todos

__all__ = ["Todos"]
