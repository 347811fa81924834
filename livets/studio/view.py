"""What the studio's views have in common: the studio that they belong to, its style, and who may see them.

Subclassed by the list of runs and by the view of one run; `Studio` makes a class of each for itself.
"""

from __future__ import annotations

from typing import ClassVar

from starlette.exceptions import HTTPException

from livets.live import LiveView
from livets.studio.desk import Desk
from livets.studio.files import STYLE_VERSION

_REFUSED = (
    "The studio shows what workflows have worked on, and can steer them. Without a token it answers this machine only, "
    "at localhost: give Studio(token=...) or Studio(authorize=...)."
)


class StudioView(LiveView):
    """A page of the studio."""

    desk: ClassVar[Desk]
    body_class = "studio"
    head = (
        "<link rel=\"stylesheet\" href=\"{{ url_for('studio.css', v='" + STYLE_VERSION + "') }}\">"
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
    )

    async def admitted(self) -> bool:
        """May who looks at this page see it? If not, they are sent to the entrance, or refused."""
        if await self.desk.access.allows(self.session, self.request):
            return True
        if self.desk.access.wants_token:
            self.redirect(self.url_for("studio.enter"))
            return False
        raise HTTPException(403, _REFUSED)

    @property
    def who(self) -> str:
        """The name of who looks, for the journal."""
        return self.session.user or "somebody in the studio"
