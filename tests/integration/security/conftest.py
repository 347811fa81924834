"""Fixtures of the attacks."""

from tests.support.redis_server import redis_server

__all__ = ["redis_server"]
