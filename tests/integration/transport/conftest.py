"""Fixtures of the transport's integration tests."""

from tests.support.redis_server import redis_server

__all__ = ["redis_server"]
