from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from livets.presence import Delta, Entry, People, PresenceChange
from livets.presence import people as module

views, keys, owners = st.sampled_from("vwx"), st.sampled_from("ab"), st.sampled_from("12")
entries = st.builds(Entry, views, keys, st.builds(lambda n: {"n": n}, st.integers(0, 2)), owners)
deltas = st.builds(Delta, owners, st.lists(entries, max_size=4), st.lists(st.tuples(views, keys), max_size=4))


def follow(shown: dict[str, dict[str, Any]], change: PresenceChange) -> None:
    """What a view does that keeps its own list of people by the changes alone."""
    for key in change.left:
        del shown[key]
    for key, meta in change.joined.items():
        assert key not in shown
        shown[key] = meta
    for key, meta in change.updated.items():
        assert key in shown
        shown[key] = meta


@given(st.lists(deltas, max_size=12), st.integers(1, 12))
def test_changes_tell_exactly_what_the_list_shows(script: list[Delta], together: int) -> None:
    """Taken one by one, or several as one: who follows the changes knows who is there."""
    people, shown, waiting = People(), {}, PresenceChange()
    for number, delta in enumerate(script):
        waiting = waiting.then(people.apply(delta))
        if number % together == 0 or number == len(script) - 1:
            follow(shown, waiting)
            waiting = PresenceChange()
            assert shown == {key: said[-1] for key, said in people.said().items()}
    assert len(people) == sum(map(len, people.said().values())) == len(list(people))


@given(st.lists(deltas, max_size=8), st.lists(entries, max_size=6))
def test_a_reload_makes_all_but_our_own_as_stored(script: list[Delta], stored: list[Entry]) -> None:
    people = People()
    for delta in script:
        people.apply(delta)
    own = {at: people.get(*at) for at in people.owned("1")}
    for delta in people.replaced("1", stored):
        people.apply(delta)
    wanted = {(entry.view_id, entry.key): entry for entry in stored if entry.owner != "1"} | own
    assert {(entry.view_id, entry.key): entry for entry in people} == wanted


def test_only_the_owner_ends_an_entry() -> None:
    people = People()
    people.apply(Delta("1", [Entry("v", "ada", {}, "1")], []))
    people.apply(Delta("2", [Entry("v", "ada", {}, "2")], []))
    assert not people.apply(Delta("1", [], [("v", "ada")])), "the page is at worker 2 by now"
    assert people.apply(Delta("2", [], [("v", "ada")])).left == {"ada": {}}


def test_two_windows_are_one_person() -> None:
    people = People()
    assert people.apply(Delta("1", [Entry("v", "ada", {"n": 1}, "1")], [])).joined == {"ada": {"n": 1}}
    assert people.apply(Delta("1", [Entry("w", "ada", {"n": 2}, "1")], [])) == PresenceChange({}, {}, {"ada": {"n": 2}})
    assert people.said() == {"ada": [{"n": 1}, {"n": 2}]}
    assert not people.apply(Delta("1", [], [("v", "ada")])).left
    assert people.apply(Delta("1", [], [("w", "ada")])).left == {"ada": {"n": 2}}


def test_their_number_is_bounded(monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    people = People()
    people.apply(Delta("1", [Entry(f"v{n}", f"k{n}", {}, "1") for n in range(5)], []))
    assert (len(people), people.dropped) == (3, 2)
    people.apply(Delta("1", [], [("v0", "k0"), ("v4", "k4")]))
    people.apply(Delta("1", [Entry("v9", "k9", {}, "1")], []))
    assert set(people.said()) == {"k1", "k2", "k9"}
