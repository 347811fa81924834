"""The benchmark's data: rows with consecutive ids and seeded three-word labels, the same in every process.

The words and the generator (Park-Miller) follow the specification that all compared frameworks use; labels
therefore have the same lengths everywhere. Nothing here knows of livets' views.
"""

from __future__ import annotations

import msgspec

_WORDS = (
    "pretty large big small tall short long handsome plain quaint clean elegant easy angry crazy helpful "
    "mushy odd unsightly adorable important inexpensive cheap expensive fancy",
    "red yellow blue green pink brown purple white black orange",
    "table chair house bbq desk car pony cookie sandwich burger pizza mouse keyboard",
)
_CHOICES = [words.split() for words in _WORDS]
_MULTIPLIER, _MODULUS = 16807, 2**31 - 1


class Row(msgspec.Struct):
    """One row of the table; mutable, as application code usually is."""

    id: int
    label: str


def build(count: int, next_id: int, seed: int) -> tuple[list[Row], int]:
    """`count` rows from `next_id` on, and the seed for those after them."""
    rows = []
    for id in range(next_id, next_id + count):
        words = []
        for choices in _CHOICES:
            seed = seed * _MULTIPLIER % _MODULUS
            words.append(choices[seed % len(choices)])
        rows.append(Row(id, " ".join(words)))
    return rows, seed
