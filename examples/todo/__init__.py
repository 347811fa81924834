"""A to-do list that every open window shares, kept in SQLite."""

from pathlib import Path

from examples.todo.view import Todos

TEMPLATES = Path(__file__).parent / "templates"

__all__ = ["TEMPLATES", "Todos"]
