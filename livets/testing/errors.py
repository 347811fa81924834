"""What tests are told: one class a kind of trouble, all AssertionErrors, so that test runners show them as failures.
One more, Misfit, is the model's own (livets/mirror/misfit.py).

Owns the classes and nothing of the wording, which is where the trouble is found.
"""

from __future__ import annotations


class TestingError(AssertionError):
    """Base of everything that the testing kit raises by itself."""

    __test__ = False  # the name is no test class


class NotFound(TestingError):
    """No element fits, or several where one was asked for; the message shows what is near, and the HTML."""


class Gone(TestingError):
    """The element was on the page once and is no more."""


class NotPossible(TestingError):
    """A person could not do this: the element is disabled, hidden, or not made for it."""


class Refused(TestingError):
    """The server refused an event (no such handler, arguments that do not fit) or the whole page."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class TimedOut(TestingError):
    """What was waited for did not happen in time."""


class NotAwaited(TestingError):
    """An action of the page was written without `await` and so has not happened."""


class NoPage(TestingError):
    """The server answered with no live page."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
