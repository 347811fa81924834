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

    `code` is one of `livets.wire.codes`; the state of the view is unchanged. `hint` is for who writes the program:
    browsers get it in development only.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint

    def told(self, *, dev: bool) -> str:
        """What the browser is told."""
        return f"{self}; {self.hint}" if dev and self.hint else str(self)


class UrlRefused(EventRefused):
    """A URL that the view at its path cannot take; `status` is the HTTP status of a page that is asked for it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__("bad_arguments", message)
        self.status = status


class NotFound(LivetsError):
    """There is nothing at this URL: raise it in `mount` or `handle_params`, and the page is a 404.

    >>> raise NotFound("there is no item 7")
    Traceback (most recent call last):
    livets.errors.NotFound: there is no item 7
    """


class NavigationError(LivetsError):
    """A view cannot go to that URL, or there is no route of that name."""


class Redirected(LivetsError):
    """`mount` or `handle_params` sent the visitor to `url` instead of showing something."""

    def __init__(self, url: str) -> None:
        super().__init__(f"the view sends its visitor to {url}")
        self.url = url


class JoinRefused(LivetsError):
    """A socket may not join the view it asks for; `code` is one of `livets.wire.codes`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Fenced(LivetsError):
    """Another worker has taken the view over; this worker must let go of it."""


class SnapshotNewer(LivetsError):
    """A later release of the application has written this snapshot; this worker must not go on with it."""


class Gone(LivetsError):
    """The store has lost the view's record, and nobody has taken it over: who still runs the view puts it back."""
