"""Todos: the live view over `store`. Each window holds a copy and hears of changes through a topic."""

from __future__ import annotations

from typing import Literal

from examples.todo import store
from examples.todo.store import Todo
from livets import KeyedList, LiveView, event

TOPIC = "todos"
MAX_TITLE = 200


class Todos(LiveView):
    """Add, edit in place, filter, finish, clear; every window follows."""

    template_name = "todo.html"

    todos: KeyedList[Todo] = KeyedList()
    show: Literal["all", "active", "done"] = "all"
    draft: str = ""
    editing: str = ""

    def mount(self) -> None:
        """Load the list and hear of everybody's changes."""
        self.subscribe(TOPIC, self.changed)
        self.todos.extend(store.everything())

    def resync(self) -> None:
        """Messages were missed: what the store says is true."""
        kept = {todo.id: todo for todo in store.everything()}
        for key in [todo.id for todo in self.todos if todo.id not in kept]:
            self.todos.remove(key)
        for todo in kept.values():
            self._put(todo)

    @property
    def active_count(self) -> int:
        """How many are not done."""
        return sum(not todo.done for todo in self.todos)

    @property
    def done_count(self) -> int:
        """How many are done."""
        return len(self.todos) - self.active_count

    @event
    def add(self) -> None:
        """Take the draft into the list."""
        title = self.draft.strip()[:MAX_TITLE]
        self.draft = ""
        if title:
            id = self.event.id
            store.add(Todo(id, title))
            self._tell(id)

    @event
    def finish(self, id: str, done: bool) -> None:
        """Set the check mark of one."""
        if id in self.todos:
            store.finish(id, done)
            self._tell(id)

    @event
    def edit(self, id: str) -> None:
        """Open one for editing, in this window only."""
        self.editing = id

    @event
    def save(self, id: str, title: str) -> None:
        """Close the editor and keep the new title; an empty one removes the entry."""
        self.editing = ""
        title = title.strip()[:MAX_TITLE]
        if id not in self.todos:
            return
        if not title:
            self.remove(id)
        elif title != self.todos[id].title:
            store.rename(id, title)
            self._tell(id)

    @event
    def cancel(self) -> None:
        """Close the editor and change nothing."""
        self.editing = ""

    @event
    def remove(self, id: str) -> None:
        """Take one off the list."""
        store.remove(id)
        self._tell(id)

    @event
    def filter(self, show: Literal["all", "active", "done"]) -> None:
        """Choose which ones this window shows."""
        self.show = show

    @event
    def clear_done(self) -> None:
        """Take all finished ones off the list."""
        store.clear_done()
        for id in [todo.id for todo in self.todos if todo.done]:
            self._tell(id)

    def changed(self, id: str) -> None:
        """A window (maybe this one) has changed this entry. The store, not the message, says to what:
        so all windows agree, whatever order they hear things in.
        """
        todo = store.find(id)
        if todo is not None:
            self._put(todo)
        elif id in self.todos:
            self.todos.remove(id)

    def _tell(self, id: str) -> None:
        """Show the change here now and tell the other windows."""
        self.changed(id)
        self.broadcast(TOPIC, id)

    def _put(self, todo: Todo) -> None:
        if todo.id not in self.todos:
            self.todos.append(todo)
        elif self.todos[todo.id] != todo:
            self.todos.replace(todo)
