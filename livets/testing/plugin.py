"""The pytest plugin: fixtures `livets_app` and `livets_client`, the switch `--livets-browser`, and async tests without
any other plugin.

Owns when a test's person is made and closed, and which application is meant. Every name is prefixed. Loaded by pytest
through its entry point `livets`; imports of the testing kit happen only in tests that use it.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from livets.testing.chromium import Chromium
    from livets.testing.person import Client

_person: pytest.StashKey[Client] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--livets-browser` and the ini option `livets_app`."""
    group = parser.getgroup("livets")
    group.addoption(
        "--livets-browser",
        action="store_true",
        help="run tests that use livets_client in Chromium (needs playwright; LIVETS_CHROMIUM names the binary)",
    )
    parser.addini("livets_app", "the application that livets_client opens: package.module:name")


@pytest.fixture
def livets_app(request: pytest.FixtureRequest) -> Any:
    """The application under test: the ini option `livets_app`, else `[tool.livets] app` in pyproject.toml.

    Write a fixture of this name to return another one (made for each test, if its state must not be shared).
    """
    name = request.config.getini("livets_app") or _from_pyproject(request.config.rootpath)
    return load(name, request.config.rootpath) if name else None


@pytest.fixture
def livets_client(request: pytest.FixtureRequest, livets_app: Any) -> Iterator[Client]:
    """A person with a browser, for this test: `page = await livets_client.open("/")`."""
    from livets.testing.person import Client

    chromium = request.getfixturevalue("_livets_chromium") if request.config.getoption("--livets-browser") else None
    person = Client(livets_app, chromium=chromium)
    request.node.stash[_person] = person
    yield person
    person.abandon()


@pytest.fixture(scope="session")
def _livets_chromium() -> Iterator[Chromium]:
    """One Chromium for all tests."""
    from livets.testing.chromium import Chromium, Missing

    try:
        chromium = Chromium()
    except Missing as error:
        pytest.fail(str(error), pytrace=False)
    yield chromium
    chromium.stop()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Close the person where the test ran: on its event loop, whoever provides that."""
    person = item.stash.get(_person, None)
    if person is None or not isinstance(item, pytest.Function):
        return (yield)
    if not inspect.iscoroutinefunction(item.obj):
        return (yield)
    test = item.obj
    item.obj = _closing(test, person)
    try:
        return (yield)
    finally:
        item.obj = test


@pytest.hookimpl
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test that uses `livets_client`, when no other plugin does."""
    if pyfuncitem.stash.get(_person, None) is None or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    import asyncio  # not before a test needs it: the plugin is part of every run

    names = pyfuncitem._fixtureinfo.argnames
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def load(name: str, root: Path) -> Any:
    """The object `package.module:name`, looked for in `root` too."""
    module_name, _, attribute = name.partition(":")
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    found = importlib.import_module(module_name)
    for part in (attribute or "app").split("."):
        found = getattr(found, part)
    return found


def _from_pyproject(root: Path) -> str:
    import tomllib

    path = root / "pyproject.toml"
    if not path.is_file():
        return ""
    return str(tomllib.loads(path.read_text()).get("tool", {}).get("livets", {}).get("app", ""))


def _closing(test: Callable[..., Any], person: Client) -> Callable[..., Any]:
    @functools.wraps(test)
    async def run(*args: Any, **named: Any) -> None:
        try:
            await test(*args, **named)
        except BaseException:
            await person.close(quietly=True)
            raise
        await person.close()

    return run
