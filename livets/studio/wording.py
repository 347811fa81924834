"""Times and durations as people read them. Pure; called by views and scenes."""

from __future__ import annotations

import datetime


def duration(seconds: float) -> str:
    """Return a duration in the unit that fits.

    >>> duration(0.0123), duration(4.25), duration(83), duration(7322)
    ('12 ms', '4.2 s', '1 min 23 s', '2 h 2 min')
    """
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"


def clock(ts: float) -> str:
    """Return a moment (Unix seconds) as a time of the server's day; empty for 0."""
    return "" if not ts else datetime.datetime.fromtimestamp(ts).strftime("%H:%M:%S")


def moment(ts: float) -> str:
    """Return a moment (Unix seconds) with its date; empty for 0."""
    return "" if not ts else datetime.datetime.fromtimestamp(ts).strftime("%Y-%m-%d %H:%M:%S")
