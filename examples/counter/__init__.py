"""The smallest live view: one number and three buttons."""

from examples.counter.view import Counter

__all__ = ["Counter"]
