"""What one template of the corpus is: its source, the files it includes, and a generator of states."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

TEXTS = [
    "", " ", "a", "milk", "<b>", "&amp;", '"q"', "it's", "é", "\n", " x ", "x\r\ny", "0", "None", "<!--[-->", "</td>",
    "&lt", "a\u00a0b", "\nline", "1",
]  # fmt: skip

texts = st.sampled_from(TEXTS)
words = st.sampled_from(["alpha", "beta", "gamma", "x < y", ""])
flags = st.booleans()
numbers = st.sampled_from([0, 1, 2, -1, 10, 2**53, 2**60])
scalars = st.one_of(texts, numbers, st.sampled_from([None, True, False, 1.0, 1.5, -0.0]))


@dataclass(frozen=True, eq=False)
class Case:
    """One template."""

    name: str
    source: str
    states: st.SearchStrategy[dict[str, Any]]
    files: dict[str, str] = field(default_factory=dict)
    opaque: int = 0
    """Regions that are known to be rendered whole."""

    def __repr__(self) -> str:
        return self.name


def state(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """States with these names."""
    return st.fixed_dictionaries(parts)


def rows(keys: int = 7, key: str = "id", **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of dicts with unique keys in any order."""
    one = st.fixed_dictionaries({key: st.integers(0, keys), **parts})
    return st.lists(one, max_size=keys, unique_by=lambda row: row[key])
