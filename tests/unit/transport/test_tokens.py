"""Page tokens and resume secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livets.errors import JoinRefused
from livets.state import KeyRing
from livets.transport.session import Session
from livets.transport.tokens import HASH_BYTES, Tokens, UsedTokensHere, digest, is_known, rotated
from livets.wire import codes
from tests.unit.transport.conftest import Clock

ME = Session("me", 0, 10**12, {})
OTHER = Session("other", 0, 10**12, {})


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    return Tokens(KeyRing(["k" * 32]), page_max_age_s=100, resume_max_age_s=200, clock=clock)


def code_of(call: object, *arguments: object) -> str:
    with pytest.raises(JoinRefused) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.code


def test_a_page_token_says_what_it_was_made_for(tokens: Tokens) -> None:
    token = tokens.open_page(tokens.page("view", ME, "/a?b=c", "f" * 16), ME)
    assert (token.view_id, token.url, token.fingerprint) == ("view", "/a?b=c", "f" * 16)
    again = tokens.open_page(tokens.page("view", ME, "/a?b=c", "f" * 16), ME)
    assert again.nonce != token.nonce


def test_it_is_bound_to_the_session_its_time_and_its_purpose(tokens: Tokens, clock: Clock) -> None:
    page, secret = tokens.page("view", ME, "/", ""), tokens.secret("view", ME, "/")
    assert code_of(tokens.open_page, page, OTHER) == codes.BAD_TOKEN
    assert code_of(tokens.open_secret, secret, OTHER) == codes.BAD_TOKEN
    assert code_of(tokens.open_page, secret, ME) == codes.BAD_TOKEN
    assert code_of(tokens.open_secret, page, ME) == codes.BAD_TOKEN
    clock.now += 100
    assert code_of(tokens.open_page, page, ME) == codes.EXPIRED
    assert tokens.open_secret(secret, ME).view_id == "view"
    clock.now += 100
    assert code_of(tokens.open_secret, secret, ME) == codes.EXPIRED


def test_every_flipped_character_is_refused(tokens: Tokens) -> None:
    page = tokens.page("view", ME, "/", "")
    for index, character in enumerate(page):
        other = "A" if character != "A" else "B"
        assert code_of(tokens.open_page, page[:index] + other + page[index + 1 :], ME) == codes.BAD_TOKEN


def test_hashes_of_secrets() -> None:
    kept = digest("new") + digest("old")
    assert is_known("new", kept)
    assert is_known("old", kept)
    assert not is_known("older", kept)
    assert not is_known("new", b"")
    assert not is_known("new", digest("new")[:-1])


def test_a_secret_that_was_not_kept_is_known_by_the_one_before_it() -> None:
    assert is_known("new", digest("old"), digest("old"))
    assert not is_known("new", digest("older"), digest("old"))
    assert is_known("first", b"", b"")
    assert not is_known("first", digest("other"), b"")
    assert not is_known("new", b"", digest("old"))


@given(st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 20), max_size=3)), max_size=8))
def test_the_secret_that_a_page_holds_is_always_kept(resumes: list[tuple[bool, list[int]]]) -> None:
    """Answers get lost, and resumes of sockets that it has given up come in late."""
    made, held = ["0"], "0"
    kept = digest(held)

    def resume(shown: str) -> str:
        nonlocal kept
        made.append(str(len(made)))
        kept = rotated(made[-1], shown, kept)
        return made[-1]

    for is_read, late in resumes:
        new = resume(held)
        held = new if is_read else held
        for shown in (made[number % len(made)] for number in late):
            if is_known(shown, kept):
                resume(shown)
        assert is_known(held, kept)
        assert len(kept) <= 8 * HASH_BYTES


async def test_a_token_is_used_once_and_not_remembered_for_ever() -> None:
    clock = Clock()
    used = UsedTokensHere(clock)
    assert await used.use_once("a", 10)
    assert not await used.use_once("a", 10)
    assert await used.use_once("b", 10)
    clock.now += 10
    assert await used.use_once("c", 10)
    assert len(used._used) == 1
