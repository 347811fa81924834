"""What a browser shows of a view, in sixteen bytes: enough to know again later that it still shows just that.

It owns the comparison. A view that sleeps keeps no last values; when it wakes its state is drawn anew, and only if
that looks as it did when the imprint was taken the drawing counts as shown. It never sends. Called by `asleep`.
"""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from livets.wire import encode_body

if TYPE_CHECKING:
    from livets.live.display import Display

UNKNOWN: Final = b""
"""Nobody can say what the browser shows: the next drawing sends every value."""
_BYTES: Final = 16


def take(display: Display, fields: Collection[str]) -> bytes:
    """The imprint; UNKNOWN when a fresh drawing would show something else (a clock, a change that nobody was told of).

    Raises whatever the template raises.
    """
    template = display.rendering.template
    drawn = display.draw(template.names.union(fields), join=True)
    if drawn is None or drawn.diff:
        return UNKNOWN
    return _of(template.fingerprint, display.fill(template.fingerprint).diff)


def recall(display: Display, imprint: bytes) -> bool:
    """Take the present state for what the browser shows, if it looks like the imprint; False if it does not."""
    if imprint == UNKNOWN:
        return False
    fingerprint = display.rendering.template.fingerprint
    try:
        drawn = display.fill(fingerprint)
    except Exception:  # what the template needs may be there only after resumed()
        return False
    if _of(fingerprint, drawn.diff) != imprint:
        return False
    drawn.commit()
    return True


def _of(fingerprint: str, diff: list[Any]) -> bytes:
    return blake2b(encode_body(diff), digest_size=_BYTES, key=fingerprint.encode()[:64]).digest()
