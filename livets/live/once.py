"""A view rendered once, for mails, tests and static pages: mounted, shown, and let go.

It owns nothing that lasts: the view has a store and a bus of its own, so nobody hears what it
broadcasts. Called by applications, also through `LiveTS.render_to_string`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from livets.live.runner import ViewRunner
from livets.pubsub.memory import MemoryBus
from livets.render import Templates
from livets.state import MemoryStore

if TYPE_CHECKING:
    from livets.live.navigation import Places
    from livets.live.view import LiveView


async def render_to_string(
    view: type[LiveView],
    params: Mapping[str, Any] | None = None,
    *,
    session: Mapping[str, Any] | None = None,
    templates: Templates | None = None,
    places: Places | None = None,
) -> str:
    """The first HTML of a view: `mount` and `handle_params` with `params`, then the template. No page, no socket.

    `params`: path parameters and query, by name; `templates`: where `template_name` is looked for. Raises EventRefused
    for params that do not fit, Redirected if the view sends its visitor elsewhere, and whatever the view raises.

    >>> import asyncio
    >>> from livets import LiveView, render_to_string
    >>> class Hello(LiveView):
    ...     name: str = ""
    ...     template = "<p>Hello {{ name }}</p>"
    ...
    ...     def mount(self, name: str) -> None:
    ...         self.name = name
    >>> asyncio.run(render_to_string(Hello, {"name": "Ada & Bo"}))
    '<p>Hello Ada &amp; Bo</p>'
    """
    runner = ViewRunner(
        view,
        view_id=secrets.token_urlsafe(15),
        templates=templates or Templates(),
        store=MemoryStore(),
        bus=MemoryBus(),
        params=dict(params or {}),
        places=places,
        session=MappingProxyType(dict(session or {})),
    )
    html = await runner.mount()
    await runner.close()
    return html
