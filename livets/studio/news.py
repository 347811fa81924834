"""What is said aloud to who does not see the page: only what somebody waits for, not each node."""

from __future__ import annotations

from livets.studio.history import History


class News:
    """What a page has been told; `since` says what is new."""

    def __init__(self, history: History) -> None:
        self._status, self._waiting, self._failed = history.status, set(history.waiting), set(history.failed)

    def since(self, history: History) -> str:
        """Return a sentence for who does not see the page, or an empty text."""
        said = []
        if new := sorted(history.failed - self._failed):
            said.append(f"{new[0]} failed" if len(new) == 1 else f"{len(new)} nodes failed")
        if asking := sorted(history.waiting - self._waiting):
            said.append(f"{asking[0]} waits for you")
        if history.status != self._status:
            said.append(f"The run is {history.status}" if history.status == "running" else f"The run {history.status}")
        self._status, self._waiting, self._failed = history.status, set(history.waiting), set(history.failed)
        return ". ".join(said)
