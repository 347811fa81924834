"""This worker: what all pages and sockets of one application in one process share.

Owns the way a view comes to life here (mounted, restored from a snapshot) and how it is let go. Never speaks HTTP
or WebSocket itself. Built by `app`; used by `page`, `socket`, `joining` and `sweeper`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from livets.config import Config
from livets.errors import Fenced
from livets.live import ViewRunner
from livets.live.visit import Visit
from livets.presence import Presence, PresenceChange
from livets.pubsub.bus import Bus, Message
from livets.state import Claim, SnapshotStore
from livets.transport import draining
from livets.transport.idling import Idling
from livets.transport.origin import OriginPolicy, Scope
from livets.transport.outbox import ViewOutbox
from livets.transport.registry import Ending, Registry
from livets.transport.request import PageRequest, prefix_of
from livets.transport.resident import VIEW_BYTES, Page, Resident
from livets.transport.revocation import LISTENER, Epochs, EpochsHere, Revocation
from livets.transport.routes import LiveRoute, Routes
from livets.transport.session import Session, SessionCookie
from livets.transport.tokens import Tokens, UsedTokens
from livets.wire import codes

if TYPE_CHECKING:
    from livets.render import Templates

logger = logging.getLogger("livets.transport")

_NEWER_MAX = 10_000


class OnLine(Protocol):
    """See `Worker.on_line`."""

    def __call__(self, data: bytes, *, gap: bool) -> None: ...


class Meta(msgspec.Struct, array_like=True):
    """What a snapshot says of its view besides the state (`Record.meta`)."""

    url: str
    """Path below the mount point, and query: names the route and its parameters."""
    session: bytes
    created: int


_encode_meta = msgspec.msgpack.Encoder().encode
_decode_meta = msgspec.msgpack.Decoder(Meta).decode


class _Cut:
    """What an outbox calls when its view has to let go of its browser; there is one a view, so it is no closure."""

    __slots__ = ("_worker", "resident")

    resident: Resident

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def __call__(self, code: int, reason: str) -> None:
        self._worker.cut(self.resident, code, reason)


class Worker:
    """The services of one application in this process."""

    def __init__(
        self,
        config: Config,
        *,
        cookie: SessionCookie,
        tokens: Tokens,
        used: UsedTokens,
        origins: OriginPolicy,
        store: SnapshotStore,
        bus: Bus,
        templates: Templates,
        epochs: Epochs | None = None,
        presence: Presence | None = None,
    ) -> None:
        self.config = config
        self.cookie = cookie
        self.tokens = tokens
        self.used = used
        self.origins = origins
        self.store = store
        self.bus = bus
        self.templates = templates
        self.presence = presence or Presence(bus)
        self.presence.deliver = self.present
        self.on_line: OnLine = lambda data, *, gap: None
        """Told what other workers pass on for pages without a WebSocket (`fallback`)."""
        self.routes = Routes()
        ttl_s = 2 * config.session_max_age_s
        self.revocation = Revocation(epochs or EpochsHere(), bus, ttl_s, self.close_pages)
        self.registry = Registry(config, self._close, time.monotonic)
        self.idling = Idling(self.registry, config.idle_after_s)
        self.pages: set[Page] = set()
        self.is_stopping = False
        self._ends_s: float | None = None
        """When the end has to be over, once it has begun."""
        self.warned_lost_view = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._newer: dict[str, float] = {}
        """Views of a newer release, and when their pages came here first."""

    async def mount(
        self, route: LiveRoute, params: Mapping[str, Any], url: str, session: Session, scope: Scope
    ) -> tuple[Resident, str]:
        """A new view of `route` and its first HTML; in no state of the registry yet. Raises what mount raises.

        `url`: percent-encoded path below the mount point, and query.
        """
        meta = _encode_meta(Meta(url, session.hash, int(time.time())))
        runner = ViewRunner(
            route.view_class,
            view_id=secrets.token_urlsafe(15),
            templates=self.templates,
            store=self.store,
            bus=self.bus,
            meta=meta,
            params=dict(params),
            url=url,
            places=self.routes,
            prefix=prefix_of(scope),
            session=Visit(session.data, session.user or None),
            request=PageRequest(scope, url),
            presence=self.presence,
            dev=self.config.dev,
        )
        html = await runner.mount()
        resident = self._resident(runner, route)
        resident.page_bytes = VIEW_BYTES + 2 * len(html)
        return resident, html

    async def restore(self, view_id: str, claim: Claim, session: Session, scope: Scope) -> Resident | None:
        """A view from its snapshot; None when its page is no longer served or it belongs to another session."""
        assert claim.record is not None
        meta = _decode_meta(claim.record.meta)
        found = self.routes.match(meta.url)
        if found is None or not secrets.compare_digest(meta.session, session.hash):
            return None
        route, params = found
        runner = await ViewRunner.restore(
            route.view_class,
            view_id=view_id,
            templates=self.templates,
            store=self.store,
            bus=self.bus,
            meta=claim.record.meta,
            params=params,
            url=meta.url,
            places=self.routes,
            prefix=prefix_of(scope),
            session=Visit(session.data, session.user or None),
            request=PageRequest(scope, meta.url),
            presence=self.presence,
            dev=self.config.dev,
            claim=claim,
        )
        resident = self._resident(runner, route)
        resident.secrets = claim.record.secret
        resident.outbox.done = resident.outbox.durable = runner.durable_ref
        return resident

    def may_wait(self, view_id: str) -> bool:
        """Whether the page of a view that a newer release has written may still look for a worker of that release."""
        now_s = time.monotonic()
        while len(self._newer) > _NEWER_MAX:
            del self._newer[next(iter(self._newer))]
        return now_s - self._newer.setdefault(view_id, now_s) < self.config.newer_snapshot_wait_s

    def deliver(self, view_id: str, name: str, message: Message) -> None:
        """A message of the bus for a view of this worker."""
        if view_id == LISTENER and name == "presence":
            self.presence.heard(message.topic, message.data, gap=message.gap)
            return
        if view_id == LISTENER and name == "line":
            self.on_line(message.data, gap=message.gap)
            return
        if view_id == LISTENER:
            if message.data:
                self.revocation.heard(message.data)
            return
        resident = self.registry.get(view_id)
        if resident is not None:
            self.idling.deliver(resident, name, message)

    def present(self, view_id: str, handler: str, topic: str, change: PresenceChange) -> None:
        """People have come or gone, for a view of this worker that follows them."""
        resident = self.registry.get(view_id)
        if resident is not None:
            self.idling.present(resident, handler, topic, change)

    def close_pages(self, is_meant: Callable[[Page], bool]) -> None:
        """End the sockets of pages whose user is signed in no more, and the views on them."""
        for page in [page for page in self.pages if is_meant(page)]:
            for resident in list(page.views.values()):
                resident.leave()
                self.registry.let_go(resident, Ending.END)
            page.views.clear()
            page.channel.close(codes.CLOSE_UNAUTHORISED, "the user is not signed in any more")

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run `work` in the background, held until it is done; its failure is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    async def keep_secrets(self, resident: Resident, hashes: bytes) -> None:
        """Accept these resume secrets from now on, here and in the snapshot. Raises Fenced."""
        resident.secrets = hashes
        await resident.runner.write_secret(hashes)
        if resident.runner.gone:
            raise Fenced(f"view {resident.view_id} has been taken over by another worker")

    async def stop(self) -> None:
        """Tell every page to move, write every snapshot, end every socket; within `shutdown_s`.

        What `move_all` and the server have used of that time is gone, but for a quarter.
        """
        self.idling.stop()
        await self.move_all()
        assert self._ends_s is not None
        left_s = max(self._ends_s - asyncio.get_running_loop().time(), self.config.shutdown_s / 4)
        self._ends_s = None
        try:
            async with asyncio.timeout(left_s):
                for resident in self.registry:
                    self.registry.let_go(resident)
                await self.registry.all_closed()
        except TimeoutError:
            logger.error("not every view could be written within the %g s of shutdown", self.config.shutdown_s)
        for task in list(self._tasks):
            task.cancel()

    async def move_all(self) -> None:
        """Let every page connect to another worker, within a quarter of `shutdown_s`; nobody joins from now on."""
        self.is_stopping = True
        if self._ends_s is None:
            self._ends_s = asyncio.get_running_loop().time() + self.config.shutdown_s
        await draining.move(self.pages, self.config.shutdown_s / 4)

    def _resident(self, runner: ViewRunner, route: LiveRoute) -> Resident:
        cut = _Cut(self)
        resident = cut.resident = Resident(runner, ViewOutbox(runner.view_id, cut), route)
        return resident

    def cut(self, resident: Resident, code: int, reason: str) -> None:
        """The runner can't go on with its browser: fenced out, or broken."""
        if resident.page is not None:
            resident.page.channel.close(code, reason)
        if code == codes.CLOSE_MOVED:
            self.registry.let_go(resident)

    async def _close(self, resident: Resident, ending: Ending) -> None:
        try:
            if resident.asleep is not None and not await self._wakes_to_close(resident, ending):
                resident.asleep.leave(for_good=ending is not Ending.REST)
            elif ending is Ending.REST:
                await resident.runner.evict()
            else:
                await resident.runner.close()
            if ending is Ending.FORGET:
                await self.store.forget(resident.view_id, resident.runner.generation)
        except Exception:
            logger.exception("view %s was not closed in order", resident.view_id)

    async def _wakes_to_close(self, resident: Resident, ending: Ending) -> bool:
        """Whether a view that sleeps has something to do before its end; then it is awake."""
        if ending is Ending.REST:
            return not self.store.durable  # nobody but us has its state
        if ending is Ending.END and resident.route.view_class.__livets__.hooks["unmount"] is None:
            return False
        await resident.runner.settle()
        return True

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("background work failed", exc_info=error)
