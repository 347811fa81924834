"""Todos: the live view over `store`. Each window holds a copy and hears of changes through a topic."""

from __future__ import annotations

from typing import Literal

from examples.todo import store
from examples.todo.store import Todo
from livets import KeyedList, LiveView, event

TOPIC = "todos"
MAX_TITLE = 200
UNDO_S = 10.0


class Todos(LiveView):
    """Add, edit in place, filter, finish, remove, undo; every window follows."""

    template_name = "todo.html"

    todos: KeyedList[Todo] = KeyedList()
    show: Literal["all", "active", "done"] = "all"
    draft: str = ""
    editing: str = ""
    touched: str = ""  # the entry that was edited or brought back last
    removed: list[Todo] = []  # what this window has removed last, while it can be undone
    undo_timer: int = 0

    def mount(self) -> None:
        self.subscribe(TOPIC, self.changed)
        self.todos.extend(store.everything())

    def resync(self) -> None:
        """Messages were missed: what the store says is true."""
        kept = store.everything()
        for id in {todo.id for todo in self.todos} - {todo.id for todo in kept}:
            self.todos.remove(id)
        for todo in kept:
            self._put(todo)

    @property
    def active_count(self) -> int:
        return sum(not todo.done for todo in self.todos)

    @property
    def done_count(self) -> int:
        return len(self.todos) - self.active_count

    @property
    def place(self) -> str:
        """Where the focus goes when what had it is gone: one `autofocus` at a time."""
        if self.removed and not self.editing:
            return "undo"
        return self.editing or (self.touched if self.touched in self.todos else "draft")

    # Plain `def` handlers run in a thread: SQLite may take its time.

    @event
    def add(self) -> None:
        title = self.draft.strip()[:MAX_TITLE]
        self.draft = ""
        if title:
            # The event's id stays the same if this has to run again after a crash: no to-do is added twice.
            store.add(Todo(self.event.id, title))
            self._tell(self.event.id)

    @event
    def finish(self, id: str, done: bool) -> None:
        self.touched = ""
        if id in self.todos:
            store.finish(id, done)
            self._tell(id)

    @event
    async def edit(self, id: str) -> None:
        self.editing = self.touched = id
        self.forget()  # who goes on with something else does not want to undo

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
    async def keep(self) -> None:
        """Close the editor and change nothing."""
        self.editing = ""

    @event
    def remove(self, id: str) -> None:
        self._remove([id])

    @event
    def clear_done(self) -> None:
        self._remove([todo.id for todo in self.todos if todo.done])

    @event
    def undo(self) -> None:
        for todo in self.removed:
            store.restore(todo.id)
            self.touched = todo.id
            self._tell(todo.id)
        self.forget()

    @event
    async def filter(self, show: Literal["all", "active", "done"]) -> None:
        self.show, self.touched = show, ""

    def forget(self) -> None:
        """It is too late to undo."""
        self.cancel_timer(self.undo_timer)
        self.removed = []

    def changed(self, id: str) -> None:
        """A window (maybe this one) has changed this entry. The store, not the message, says to what:
        so all windows agree, whatever order they hear things in.
        """
        todo = store.find(id)
        if todo is not None:
            self._put(todo)
        elif id in self.todos:
            self.todos.remove(id)

    def _remove(self, ids: list[str]) -> None:
        self.forget()
        self.removed = [todo for todo in self.todos if todo.id in ids]
        self.undo_timer = self.after(UNDO_S, self.forget)
        for id in ids:
            store.remove(id)
            self._tell(id)

    def _tell(self, id: str) -> None:
        """Show the change here now and tell the other windows."""
        self.changed(id)
        self.broadcast(TOPIC, id)

    def _put(self, todo: Todo) -> None:
        if todo.id not in self.todos:
            above = store.before(todo.id)
            self.todos.insert(todo, after=above if above in self.todos else None)
        elif self.todos[todo.id] != todo:
            self.todos.replace(todo)
