"""Codes that name what went wrong, for the browser and for tests: stable words, never prose."""

from __future__ import annotations

from typing import Final

# ERROR frames: the view lives on.
UNKNOWN_EVENT: Final = "unknown_event"
BAD_ARGUMENTS: Final = "bad_arguments"
UNKNOWN_FIELD: Final = "unknown_field"
BAD_FIELD: Final = "bad_field"
HANDLER_FAILED: Final = "handler_failed"
RENDER_FAILED: Final = "render_failed"
INTERRUPTED: Final = "interrupted"
BEGUN_ANEW: Final = "begun_anew"
"""Nothing was left of the page's view; what was typed is in the new one."""
WRONG_PATCH: Final = "wrong_patch"
"""Development only."""

# REFUSED frames: this view cannot be joined.
BAD_TOKEN: Final = "bad_token"  # noqa: S105 - a code, not a password
EXPIRED: Final = "expired"
NO_SESSION: Final = "no_session"
GONE: Final = "gone"
MOUNT_FAILED: Final = "mount_failed"
VERSION: Final = "version"

# WebSocket close codes of our own range.
CLOSE_PROTOCOL: Final = 4400
CLOSE_UNAUTHORISED: Final = 4401
CLOSE_TIMEOUT: Final = 4408
CLOSE_MOVED: Final = 4409
CLOSE_TOO_LARGE: Final = 1009
CLOSE_OVERLOADED: Final = 1013
