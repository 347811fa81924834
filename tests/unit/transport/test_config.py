"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

from livets.config import from_environment


def test_the_environment() -> None:
    config = from_environment(
        {
            "LIVETS_SECRET_KEY": " new-key , former-key,",
            "LIVETS_REDIS_URL": "redis://:password@h",
            "LIVETS_DEV": "1",
            "LIVETS_STATE_DIR": "/s",
        }
    )
    assert config.secret_keys == ("new-key", "former-key")
    assert config.redis_url == "redis://:password@h"
    assert config.dev
    assert config.state_dir == Path("/s")
    assert "former-key" not in repr(config)
    assert "password" not in repr(config)


def test_nothing_is_set() -> None:
    config = from_environment({"XDG_STATE_HOME": "/x"})
    assert (config.secret_keys, config.redis_url, config.dev) == ((), None, False)
    assert config.state_dir == Path("/x/livets")
