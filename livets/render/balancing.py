"""Branches that open or close an element without its other end, written so that each branch is whole.

Either the branches begin the same element, `{% if a %}<li class="x">{% else %}<li>{% endif %}`: then the condition goes
into its tag. Or what follows goes into every branch, up to the end of the element; a later question for the same
condition is answered there. Both write the same text. It owns these two ways and never decides that a place is torn:
the builder asks it before it makes a region opaque.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jinja2 import nodes

from livets.render.items import Branches, Define, Item, Loop, Mark, Opaque, Static, Value, defined, unfold
from livets.render.markup import RAW_TEXT, RCDATA, VOID, Hard, Piece, Scanner
from livets.render.names import loads
from livets.render.regions import Place, cut_at, pairs


@dataclass(slots=True, eq=False)
class _Doubt:
    """Branches that do not open the same; others of the same conditions may close it."""

    tests: list[nodes.Expr]
    effects: list[Effect]

    def is_closed_by(self, other: _Doubt) -> bool:
        """True when every branch of `other` closes just what the same branch of this one opens."""
        return self.tests == other.tests and all(
            not opening[0] and not closing[1] and opening[1][::-1] == closing[0]
            for opening, closing in zip(self.effects, other.effects, strict=True)
        )


Effect = tuple[tuple[str, ...], tuple["str | _Doubt", ...]]
"""Names of the elements that items close and of those that they leave open."""
WHOLE: Final[Effect] = ((), ())
_LONGEST: Final = 120
"""Items that are looked at after a torn branch: they are written once for each of its branches."""


class _Outline:
    """What a run of items closes and opens; the start and end tags at its top."""

    def __init__(self) -> None:
        self.closes: list[str] = []
        self.opens: list[str | _Doubt] = []
        self.first: tuple[Place, Place] | None = None
        self.ends: list[tuple[Place, Place]] = []
        self.is_known = True

    def text(self, source: str, index: int) -> None:
        """Text opens nothing."""

    def comment(self, source: str, index: int) -> None:
        """Nor do comments."""

    def start(self, name: str, pieces: list[Piece], at: Place, end: Place) -> str | None:
        """A start tag."""
        self.first = self.first or (at, end)
        name, last = name.lower(), pieces[-1]
        if name in VOID or (isinstance(last, str) and last.endswith("/>") and name not in RCDATA):
            return None
        self.opens.append(name)
        return name if name in RCDATA or name in RAW_TEXT else None

    def end(self, name: str, source: str, at: Place, end: Place) -> None:
        """An end tag."""
        self.ends.append((at, end))
        self.close(name)

    def close(self, name: str) -> None:
        """One element less is open."""
        if name not in self.opens:
            self.closes.append(name)
            return
        while (last := self.opens.pop()) != name:
            self.is_known = self.is_known and isinstance(last, str)

    def dynamic(self, item: Item, index: int, inside: str | None) -> None:
        """A statement: branches may all do the same, a loop may do nothing."""
        match item:
            case Branches():
                found = self._branches(item)
            case Loop():
                found = WHOLE if {effect(item.body), effect(item.orelse)} == {WHOLE} else None
            case _:
                found = WHOLE
        if found is None:
            self.is_known = False
            return
        for name in found[0]:
            self.close(name)
        self.opens += found[1]

    def _branches(self, item: Branches) -> Effect | None:
        every = [effect(body) for body in item.bodies]
        every += [WHOLE] if len(item.bodies) == len(item.tests) else []
        effects = [found for found in every if found is not None]
        if len(effects) < len(every):
            return None
        if len(set(effects)) == 1:
            return effects[0]
        doubt = _Doubt(item.tests, effects)
        before = self.opens[-1] if self.opens else None
        if isinstance(before, _Doubt) and before.is_closed_by(doubt):
            self.opens.pop()
            return WHOLE
        return (), (doubt,)


def _outline(items: Iterable[Item]) -> _Outline | None:
    flat = unfold(items)
    outline = _Outline()
    scanner = Scanner(outline)
    try:
        for index, item in enumerate(flat):
            if isinstance(item, Static):
                scanner.static(item.text, index, followed=False)
            elif not isinstance(item, Mark | Define):
                scanner.item(item, index)
        scanner.finish(len(flat) - 1)
    except Hard:
        return None
    return outline if outline.is_known else None


def effect(items: Iterable[Item]) -> Effect | None:
    """What items close and leave open; None when it depends.

    >>> effect([Static("</p><ul><li>a</li><li>", 1)])
    (('p',), ('ul', 'li'))
    """
    found = _outline(items)
    return None if found is None else (tuple(found.closes), tuple(found.opens))


def balanced(items: list[Item], index: int, *, is_steady: bool) -> list[Item] | None:
    """The items with the torn branches at `index` made whole; None when there is no way.

    `is_steady`: the conditions give the same whenever they are asked.
    """
    torn = items[index]
    if not isinstance(torn, Branches) or effect([torn]) == WHOLE:
        return None
    merged = into_the_tag(torn) if is_steady else None
    if merged is not None:
        return [*items[:index], *merged, *items[index + 1 :]]
    bodies = [unfold(body) for body in torn.bodies]
    bodies += [[]] if len(bodies) == len(torn.tests) else []
    for place in _ends(items, index):
        _, tail, rest = cut_at(items, (index + 1, 0), place)
        known = torn.tests if is_steady and not _sets(tail, torn.tests) else []
        whole = [[*body, *_answered(tail, known, number)] for number, body in enumerate(bodies)]
        if all(effect(body) == WHOLE and pairs(body) for body in whole):
            return [*items[:index], Branches(torn.tests, whole, torn.lineno), *rest]
    return None


def _ends(items: list[Item], index: int) -> Iterable[Place]:
    """Where the element may end: behind each end tag and each condition that follows."""
    for number in range(index + 1, min(len(items), index + _LONGEST)):
        item = items[number]
        if isinstance(item, Branches):
            yield number + 1, 0
        elif isinstance(item, Static):
            at = item.text.find("</")
            while at >= 0:
                end = item.text.find(">", at) + 1
                if not end:
                    break
                yield number, end
                at = item.text.find("</", end)


def _sets(items: list[Item], tests: list[nodes.Expr]) -> bool:
    """True when the items set a name that the conditions read."""
    read = {name for test in tests for name in loads(test)}
    opaque = any(isinstance(item, Opaque) for item in items)
    return opaque or not read.isdisjoint(defined(items))


def _answered(items: list[Item], tests: list[nodes.Expr], branch: int) -> list[Item]:
    """The items where branch number `branch` of the conditions is the one that shows."""
    found: list[Item] = []
    for item in items:
        if not isinstance(item, Branches) or item.tests[0] not in tests[: branch + 1]:
            found.append(item)
            continue
        place = tests.index(item.tests[0])
        if place == branch:
            found += unfold(item.bodies[0])
        elif len(item.tests) > 1:
            other = Branches(item.tests[1:], item.bodies[1:], item.lineno)
            found += _answered([other], tests, branch)
        elif len(item.bodies) > 1:
            found += unfold(item.bodies[1])
    return found


def into_the_tag(item: Branches) -> list[Item] | None:
    """Branches that all begin with the same element, with the condition inside of its tag; None when they don't.

    An element that ends in every branch has its content in branches; else what follows the tag must be the same.
    """
    if len(item.bodies) == len(item.tests):
        return None
    parts = [_split(unfold(body)) for body in item.bodies]
    split = [part for part in parts if part is not None]
    if len(split) < len(parts) or len({part[0] for part in split}) > 1 or len({part[4] for part in split}) > 1:
        return None
    line = item.lineno
    opening, closing = split[0][0], split[0][4]
    contents = [part[3] for part in split]
    inside: list[Item]
    if all(_text(content) is not None for content in contents) and len({_text(content) for content in contents}) == 1:
        inside = contents[0]
    elif closing:
        inside = [Branches(item.tests, contents, line)]
    else:
        return None
    attributes = Branches(item.tests, [part[1] for part in split], line)
    return [Static(opening, line), attributes, Static(split[0][2], line), *inside, Static(closing, line)]


def _split(body: list[Item]) -> tuple[str, list[Item], str, list[Item], str] | None:
    """(`<li`, attributes, `>`, content, `</li>`) of what begins with an element; nothing may follow its end."""
    outline = _outline(body)
    if outline is None or outline.closes or outline.first is None or _Doubt in map(type, outline.opens):
        return None
    began, ended = outline.first
    before, tag, rest = cut_at(body, began, ended)
    lead = _text(before)
    if lead is None or lead.strip() or not isinstance(tag[0], Static) or not isinstance(tag[-1], Static):
        return None
    if any(isinstance(part, Static) and "ts-" in part.text for part in tag):
        return None
    name = tag[0].text.split()[0].rstrip(">").rstrip("/")
    if len(tag) > 1 and tag[0].text == name:
        return None  # something dynamic right behind the name: a part of the name, for all we know
    attributes: list[Item] = [Static(tag[0].text[len(name) :], tag[0].lineno), *tag[1:]]
    last = attributes[-1]
    assert isinstance(last, Static)
    attributes[-1] = Static(last.text[:-1], last.lineno)
    if last.text.endswith("/>") or not all(isinstance(part, Static | Value | Branches) for part in attributes):
        return None
    attributes = [part for part in attributes if not isinstance(part, Static) or part.text]
    if outline.opens:
        return (lead + name, attributes, ">", rest, "") if len(outline.opens) == 1 and pairs(rest) else None
    if name[1:].lower() in VOID or not outline.ends:
        return None
    place = _outline(rest)
    if place is None or not place.ends or place.closes != [name[1:].lower()]:
        return None
    content, closing, after = cut_at(rest, place.ends[-1][0], place.ends[-1][1])
    end, tail = _text(closing), _text(after)
    if end is None or tail is None or tail.strip() or not pairs(content) or effect(content) != WHOLE:
        return None
    return lead + name, attributes, ">", content, end + tail


def _text(items: list[Item]) -> str | None:
    """What the items write when they are nothing but text."""
    texts = [item.text for item in items if isinstance(item, Static)]
    return "".join(texts) if len(texts) == len(items) else None
