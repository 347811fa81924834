"""Random pages and random changes of them, from a seed: trees that browsers take as they are, and some that they mend.

It owns the choice of markup. Source is written in many spellings; a change keeps the rest of the source as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

TEXTS = (
    *(
        "a",
        "b c",
        "  ",
        "\n",
        "x &amp; y",
        "1 &lt; 2",
        "&copy; now",
        "it's",
        '"q"',
        "é日本",
        "&#39;",
        "&#x41;",
        "&nbsp;",
    ),
    *("a &lt b", "&notit;", "&unknown;", "&#0;", "&#128;", "tail\n", "\n  lead", "a > b", "&", "&amp;amp;", "42", "5"),
)
VALUES = (
    "",
    "x",
    "a b",
    "1",
    "it's",
    "a &amp; b",
    "?a=1&b=2",
    "?x=1&copy=2",
    "a > b",
    "é",
    "javascript:1",
    "&quot;q&quot;",
    "&lt;i&gt;",
)
NAMES = (
    *(
        "title",
        "data-x",
        "aria-label",
        "hidden",
        "disabled",
        "style",
        "href",
        "value",
        "checked",
        "ts-on:click",
        "@click",
    ),
    *("x-on:a.b", ":class", "open", "selected", "contenteditable", "DATA-Up", "colspan"),
)
INLINE = ("span", "em", "b", "code", "label", "my-item", "i", "small", "q")
BLOCK = (
    "div",
    "section",
    "article",
    "ul",
    "ol",
    "table",
    "form",
    "details",
    "nav",
    "h2",
    "pre",
    "p",
    "select",
    "svg",
    "math",
    "dl",
)
VOID = ("br", "hr", "img", "input", "wbr")
LEAF = ("textarea", "script", "style", "template", "noscript", "iframe")
ODD = (
    *(
        "<p><div>x</div>",
        "<b><i>x</b></i>",
        "<tr><td>x</td></tr>",
        "</div>",
        "<li>x",
        "<a><a>x</a></a>",
        "<table>x</table>",
    ),
    *(
        "a < b",
        "<p",
        "<!-->",
        "<!-- - -- -->",
        "<table><tr><td>1</td></tr></table>",
        "<button><button>x</button></button>",
    ),
    *("<x a=1 a=2 A=3></x>", "<div/>", "<?php x ?>", "<![CDATA[x]]>", "\0", "a\r\nb"),
)


@dataclass
class Tree:
    """An element, or a piece of source (`text` not None)."""

    tag: str = ""
    text: str | None = None
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    children: list[Tree] = field(default_factory=list)
    close: str = ""

    def source(self) -> str:
        if self.text is not None:
            return self.text
        spelled = "".join(
            f" {name}" if quote == "none" else f" {name}={quote}{value}{quote}"
            for name, value, quote in self.attributes
        )
        if self.close:
            return f"<{self.tag}{spelled}{self.close}"
        return f"<{self.tag}{spelled}>{''.join(child.source() for child in self.children)}</{self.tag}>"


class Markup:
    """Pages of one seed; `odd` ones hold markup that browsers mend, too."""

    def __init__(self, random: Random, *, odd: bool = False) -> None:
        self.random = random
        self.odd = odd
        self.keys = 0

    def page(self) -> Tree:
        """A page: the children of a tree without a tag of its own."""
        size = self.random.choice((3, 8, 8, 30))
        top = Tree("div")
        top.children = self.nodes(size, "div", 0)
        return top

    def nodes(self, budget: int, parent: str, depth: int) -> list[Tree]:
        nodes: list[Tree] = []
        number = (
            self.random.randrange(min(budget, 6) + 1) if depth else max(1, min(budget, self.random.randrange(1, 6)))
        )
        if parent in ("ul", "tbody", "select", "ol") and self.random.random() < 0.3:
            number = self.random.randrange(4, 14)
        for _ in range(number):
            nodes.append(self.node(max(0, budget // max(1, number)), parent, depth, nodes[-1] if nodes else None))
        return nodes

    def node(self, budget: int, parent: str, depth: int, before: Tree | None = None) -> Tree:
        random = self.random
        inner = {
            "ul": "li",
            "ol": "li",
            "table": "tbody",
            "tbody": "tr",
            "tr": "td",
            "select": "option",
            "dl": "dt",
        }.get(parent)
        if inner:
            if random.random() < 0.25 and not (before and before.text):
                return Tree(text=random.choice((" ", "\n  ", "\n")))
            return self.element(inner, budget, depth)
        if parent == "svg" or parent == "g":
            return self.element(
                random.choice(("circle", "path", "g", "linearGradient", "foreignObject")), budget, depth
            )
        if parent == "math":
            return self.element(random.choice(("mi", "mrow", "mo")), budget, depth)
        if self.odd and random.random() < 0.1:
            return Tree(text=random.choice(ODD))
        choice = random.random()
        if choice < 0.35 or budget == 0 or depth > 6:
            if before and before.text and not before.text.startswith("<!--"):
                return Tree(text=f"<!--{random.choice(('c', ' note ', 'x-y'))}-->")
            return Tree(text=random.choice(TEXTS))
        if choice < 0.4:
            return Tree(text=f"<!--{random.choice(('c', ' note ', ''))}-->")
        if choice < 0.5:
            return self.element(random.choice(VOID), 0, depth)
        if choice < 0.58:
            leaf = self.element(random.choice(LEAF), 0, depth)
            leaf.children = [Tree(text=random.choice(("", "x", "\n\ny", "<b>z</b>", "a &amp; b", "z")))]
            return leaf
        simple = parent in INLINE or parent in ("p", "h2", "pre", "td", "li", "option", "dt")
        return self.element(random.choice(INLINE if simple else BLOCK + INLINE), budget, depth)

    def element(self, tag: str, budget: int, depth: int) -> Tree:
        tree = Tree(tag, attributes=self.attributes())
        if tag in VOID:
            tree.close = self.random.choice((">", "/>", " />"))
        elif tag in ("circle", "path"):
            tree.close = self.random.choice(("/>", f"></{tag}>"))
        elif tag in ("option", "mi", "mo"):
            tree.children = [Tree(text=self.random.choice(TEXTS))]
        elif tag not in LEAF:
            tree.children = self.nodes(max(0, budget - 1), tag, depth + 1)
        return tree

    def attributes(self) -> list[tuple[str, str, str]]:
        random = self.random
        found = []
        if random.random() < 0.35:
            self.keys += 1
            key = str(self.keys if random.random() < 0.9 else random.randrange(1, self.keys + 1))
            found.append(
                (random.choice(("id", "id", "data-key", "ts-key")), f"k{key}", random.choice(('"', '"', '"', "'")))
            )
        return found + [self.attribute() for _ in range(random.choice((0, 0, 0, 1, 1, 2)))]

    def attribute(self) -> tuple[str, str, str]:
        random = self.random
        if random.random() < 0.3:
            return ("class", random.choice(("a", "a b", "on", "")), '"')
        name, value = random.choice(NAMES), random.choice(VALUES)
        quote = random.choice(('"', '"', "'", "", "none"))
        if (quote == "'" and "'" in value) or (quote == "" and (not value or set(value) & set(" '\"<>=`/"))):
            quote = '"'
        return (name, value, quote)

    def change(self, top: Tree) -> None:
        """One random change of a page, in place."""
        random = self.random
        everything = [top]
        for tree in everything:
            everything += tree.children
        tree = random.choice(everything)
        choice = random.random()
        if tree.text is not None:
            if not tree.text.startswith("<"):
                tree.text = random.choice(TEXTS)
            return
        if tree is not top and choice < 0.35:
            if tree.attributes and random.random() < 0.4:
                tree.attributes.pop(random.randrange(len(tree.attributes)))
            elif tree.attributes and random.random() < 0.6:
                at = random.randrange(len(tree.attributes))
                name, _, quote = tree.attributes[at]
                tree.attributes[at] = (
                    name,
                    random.choice(("", "n", "n m", "7")),
                    '"' if quote in ("", "none") else quote,
                )
            else:
                tree.attributes.append(self.attribute())
            return
        if tree.tag in VOID or tree.close or tree.tag in LEAF or not isinstance(tree.children, list):
            return
        if choice < 0.6 or not tree.children:
            at = random.randrange(len(tree.children) + 1)
            before = tree.children[at - 1] if at else None
            tree.children[at:at] = [self.node(random.randrange(5), tree.tag, 3, before)]
        elif choice < 0.8:
            del tree.children[random.randrange(len(tree.children))]
        elif choice < 0.93:
            moved = tree.children.pop(random.randrange(len(tree.children)))
            tree.children.insert(random.randrange(len(tree.children) + 1), moved)
        else:
            random.shuffle(tree.children)


def edits_of(seed: int, *, odd: bool = False) -> tuple[str, str]:
    """(old source, new source)."""
    random = Random(seed)
    markup = Markup(random, odd=odd)
    page = markup.page()
    old = "".join(child.source() for child in page.children)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        markup.change(page)
    return old, "".join(child.source() for child in page.children)


def table_edits_of(seed: int) -> tuple[str, str]:
    """(old, new) of a page with a head and a long list with keys; rows come, go, move and change."""
    random = Random(seed)
    tag, row, cell = random.choice((("tbody", "tr", "td"), ("ul", "li", "b"), ("div", "div", "i"), ("div", "p", "i")))
    joint = random.choice(("", "\n", "\n  ", " and " if tag == "div" else " "))
    tail = random.choice((joint, "\n", ""))
    spelled = random.choice(('id="{}" class="{}"', 'class="{1}" id="{0}"', "data-key=\"{}\" title='{}'"))
    rows = [[number, random.choice(TEXTS[:6]), "a"] for number in range(random.randrange(10, 60))]
    fresh = len(rows)
    values = [1, "x", rows]

    def source() -> str:
        def line(item: list) -> str:
            extra = f"<{cell}>{item[2]}</{cell}>" if item[2] != "b" else "<br>"
            return f"<{row} {spelled.format(f'r{item[0]}', item[2])}><{cell}>{item[1] or 'z'}!</{cell}>{extra}</{row}>"

        inner = f'<{tag} id="list">{joint if tail else ""}{joint.join(map(line, values[2]))}{tail}</{tag}>'
        body = f"<table>{inner}</table>" if tag == "tbody" else inner
        return f'<h1 class="{values[1]}">{values[0]}</h1>{body}<p>{values[1]}</p>'

    old = source()
    for _ in range(random.choice((1, 1, 2, 3, 8))):
        rows = values[2]
        choice = random.randrange(9)
        if choice == 0:
            values[0] += 1
        elif choice == 1:
            values[1] = random.choice("xyz")
        elif choice in (2, 3) and rows:
            item = random.choice(rows)
            item[random.choice((1, 2))] = random.choice(("b", "c d", "&amp;"))
        elif choice == 4 and rows:
            rows.pop(random.randrange(len(rows)))
        elif choice == 5:
            rows.insert(random.randrange(len(rows) + 1), [fresh, "new", "a"])
            fresh += 1
        elif choice == 6 and rows:
            rows.insert(random.randrange(len(rows)), rows.pop(random.randrange(len(rows))))
        elif choice == 7:
            for item in rows[:: random.choice((2, 3))]:
                item[1] = f"{item[1]}+"
        elif random.random() < 0.3:
            random.shuffle(rows)
    return old, source()
