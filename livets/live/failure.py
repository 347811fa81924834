"""What a browser and the log are told when application code fails.

It owns the wording. It never sends anything. Called by the runner.
"""

from __future__ import annotations

import logging
import secrets
import traceback

_log = logging.getLogger("livets")


def report(error: BaseException, *, what: str, dev: bool) -> str:
    """Log `error` once with its traceback; returns the message for the browser.

    In development that is the traceback; in production only a number that is found in the log.
    """
    number = secrets.token_hex(4)
    _log.error("%s failed [%s]", what, number, exc_info=error)
    if dev:
        return "".join(traceback.format_exception(error)).strip()
    return f"Something went wrong on our side (error {number})."
