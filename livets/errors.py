"""The tree of errors that livets raises; every message says what happened, why, and how to mend it.

Nothing here is sent to a browser: transport maps these to the codes in `livets.wire.codes`.
"""

from __future__ import annotations


class LivetsError(Exception):
    """Base of every error that livets raises on purpose."""


class ConfigError(LivetsError):
    """The application is put together in a way that cannot work."""


class FieldError(LivetsError):
    """A declared field has a type or a value that livets cannot keep."""


class TemplateError(LivetsError):
    """A template cannot be compiled; the message carries file and line."""


class ProtocolError(LivetsError):
    """A peer sent something that the protocol does not allow."""


class EventRefused(LivetsError):
    """A browser event that the view did not declare, or with arguments of the wrong type.

    `code` is one of `livets.wire.codes`; the state of the view is unchanged.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class JoinRefused(LivetsError):
    """A socket may not join the view it asks for; `code` is one of `livets.wire.codes`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Fenced(LivetsError):
    """Another worker has taken the view over; this worker must let go of it."""


class Gone(LivetsError):
    """The store has lost the view's record, and nobody has taken it over: who still runs the view puts it back."""
