"""How a view's life begins, or goes on: `mount()` and the first HTML, or the snapshot where it was left.

It owns the order of these steps. What it leaves behind is a view whose state is committed, shown or about to be, and
known to the store. It never speaks to a browser. Called by the runner, once in a runner's life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from livets.errors import Redirected
from livets.live import migration
from livets.live.calling import call
from livets.live.commit import Commits
from livets.live.system import System
from livets.state import Claim, Record, SnapshotStore

if TYPE_CHECKING:
    from livets.live.view import LiveView


class Restored(NamedTuple):
    """What restoring has found."""

    interrupted: list[int]
    """Events that were at work when the view was left; what they committed is kept."""
    is_migrated: bool
    """The snapshot was an earlier release's: the store has to be given the whole record again."""


async def mount(view: LiveView, commits: Commits, store: SnapshotStore, *, view_id: str, meta: bytes, dev: bool) -> str:
    """Run `mount()`, render, store the first snapshot; returns the HTML.

    Raises EventRefused("bad_arguments") for a URL that does not fit, Redirected, and what the view raises.
    """
    declaration, system, location = view.__livets__, view._live.system, view._live.location
    try:
        if declaration.mount is not None:
            named = declaration.mount.bind_names(location.path)
            await call(view.mount, (), named, dev=dev)
        if location.move is None:
            await location.follow(dev=dev)
        if location.move is not None:
            raise Redirected(location.move.url)
        if dev:
            commits.check()
        html = commits.display.html()
        view._live.tracker.done(view)
        commits.follow()
        record = Record(meta)
        if view.snapshot_version != system.notes.version:
            system.own().version = view.snapshot_version
        if store.durable or dev:
            fields = commits.snapshot.first(view)
            if store.durable:
                record.fields, record.system = fields, system.encode()
        commits.claimed(await store.create(view_id, record))
    except BaseException:
        commits.leave(for_good=False)
        raise
    system.done()
    commits.send(view._live.take_effects())
    return html


async def restore(view: LiveView, commits: Commits, record: Record, claim: Claim, *, dev: bool) -> Restored:
    """Give a new view the state of `record`, its notes, and what its last worker did not send any more.

    Raises FieldError when it does not fit the class, SnapshotNewer when a later release has written it, and what
    `migrate()` raises.
    """
    view._live.system = System(record.system)
    notes = view._live.system.own()
    migration.check_release(view, notes)
    misfits = commits.snapshot.load(view, record)
    migrates = migration.is_due(view, record, notes, misfits)
    if migrates:
        await call(view.migrate, (migration.old_state(record),), dev=dev)
    migration.prune(view, notes)
    notes.version = view.snapshot_version
    if dev:
        commits.check()
    view._live.tracker.done(view)
    notes = view._live.system.changing()
    interrupted = sorted(notes.interrupted)
    commits.progress.start(record.ref, notes.ended | notes.interrupted)
    notes.ended, notes.interrupted = frozenset(commits.progress.ended.beyond), frozenset()
    commits.claimed(claim.generation)
    commits.follow()
    if notes.subscriptions:
        # Positions of another worker's bus, or of a time when nobody here was subscribed, prove nothing.
        commits.world.miss()
    commits.release(dict(record.effects))
    return Restored(interrupted, migrates)
