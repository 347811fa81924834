"""Templates at random, from a grammar of what people write, and states for them.

It owns the grammar. Everything follows from one seed, so a failure is repeated by its seed alone.
"""

# ruff: noqa: E501 - templates stand here as people write them
from __future__ import annotations

from random import Random
from typing import Any

TEXTS = ["", "a", "<b>", "x y", "&", "1", "\n", " "]
_TAGS = ["div", "p", "span", "b", "ul", "pre", "section", "svg", "td", "li", "h1", "textarea"]
_ATTRIBUTES = ["class", "title", "data-q", "style", "hidden", "disabled"]


def random_state(random: Random) -> dict[str, Any]:
    """Values for every name that a random template reads."""

    def value() -> Any:
        return random.choice([*TEXTS, 0, 1, 2, True, None])

    return {
        "a": value(),
        "b": value(),
        "c": value(),
        "n": random.randint(0, 3),
        "t": random.choice(TEXTS),
        "f": random.random() < 0.5,
        "g": random.random() < 0.5,
        "xs": [value() for _ in range(random.randint(0, 4))],
        "ks": random.sample(["p", "q", "r<"], random.randint(0, 3)),
        "rows": [{"id": number, "s": value()} for number in random.sample(range(6), random.randint(0, 5))],
    }


class Grammar:
    """Writes one template."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0

    def expression(self, names: list[str]) -> str:
        """Something to write out."""
        every = ["a", "b", "c", "n", "t", *names, *names, *names]
        x, y = self.random.choice(every), self.random.choice(every)
        forms = [f"{x} ~ '-' ~ {y}", f"{x}|upper", f"{x} if {self.test(names)} else ''", f"({x}, n)|join('/')"]
        forms += [f"{x}|e", f"{x}|default('d')", "xs|length", f"'<a>q</a>'|safe ~ {x}", f"({x}|e)|safe"]
        return x if self.random.random() < 0.5 else self.random.choice([*forms, f"{x}|string|length"])

    def test(self, names: list[str]) -> str:
        """A condition."""
        x = self.random.choice(["f", "g", "a", "n", "xs", *names])
        return self.random.choice([x, f"not {x}", f"{x} == n", f"{x} and f", f"{x} is defined"])

    def text(self) -> str:
        """Static text."""
        return self.random.choice(["", " ", "x", "\n  ", "&amp;", " &lt; ", "y z", "&copy;"])

    def attributes(self, names: list[str]) -> str:
        """Attributes of a start tag."""
        written = ""
        for name in self.random.sample(_ATTRIBUTES, self.random.randint(0, 3)):
            value, test = self.expression(names), self.test(names)
            forms = [
                f' {name}="{self.text()}{{{{ {value} }}}}{self.text()}"',
                f' {name}="q{{% if {test} %}}{self.text()}{{{{ {value} }}}}{{% endif %}}"',
                f" {{% if {test} %}}{name}{{% endif %}}",
                f" {{{{ '{name}' if {test} }}}}",
                f' {{% if {test} %}}{name}="{{{{ {value} }}}}"{{% else %}}id=z{{% endif %}}',
                f' {name}="s"',
            ]
            written += self.random.choice(forms)
        return written

    def nodes(self, depth: int, names: list[str]) -> str:
        """Some nodes."""
        names = list(names)
        return "".join(self.node(depth, names) for _ in range(self.random.randint(1, 4)))

    def node(self, depth: int, names: list[str]) -> str:
        """One node or statement; a set adds to `names`."""
        chance = self.random.random()
        if depth <= 0 or chance < 0.3:
            return f"{self.text()}{{{{ {self.expression(names)} }}}}{self.text()}"
        if chance < 0.55:
            return self._element(depth, names)
        if chance < 0.60:
            return self._directives(depth, names)
        if chance < 0.68:
            rest = self.random.choice(["", f"{{% else %}}{self.nodes(depth - 1, names)}"])
            return f"{{% if {self.test(names)} %}}{self.nodes(depth - 1, names)}{rest}{{% endif %}}"
        if chance < 0.87:
            return self._loop(depth, names)
        return self._statement(depth, names, chance)

    def _element(self, depth: int, names: list[str]) -> str:
        tag = self.random.choice([*_TAGS, "input"])
        start = f"<{tag}{self.attributes(names)}>"
        if tag == "input":
            return start
        if tag == "textarea":
            return f"{start}{self.text()}{{{{ {self.expression(names)} }}}}{{% if f %}}q{{% endif %}}</textarea>"
        lead = self.random.choice(["", "", "\n", "."]) if tag == "pre" else ""
        return f"{start}{lead}{self.nodes(depth - 1, names)}</{tag}>"

    def _directives(self, depth: int, names: list[str]) -> str:
        tag = self.random.choice(["div", "span", "li"])
        test, inner = self.test(names), self.nodes(depth - 1, names)
        forms = [
            f'<{tag} ts-if="{test}">{inner}</{tag}>\n<{tag} ts-else>{inner}</{tag}>',
            f'<{tag} ts-show="{test}" ts-class="{{\'p\': {test}}}" ts-bind:title="{names[-1] if names else "a"}">{inner}</{tag}>',
            f'<{tag} class="s" ts-class="[{names[0] if names else "t"}, {{\'q\': {test}}}]" ts-text="t"></{tag}>',
            f'<{tag} ts-for="w in ks" ts-key="w" ts-bind:data-q="{test}">{{{{ w }}}}{self.text()}</{tag}><b ts-else>{inner}</b>',
            f'<{tag} ts-for="w in xs" ts-if="w" ts-text="w"></{tag}>',
        ]
        return self.random.choice(forms)

    def _loop(self, depth: int, names: list[str]) -> str:
        self.count += 1
        name = self.random.choice([f"v{self.count}", "a", "r"])
        source = self.random.choice(["xs", "rows", "rows", "ks", "rows|reverse", "xs[1:]"])
        inner = [*names, name, f"{name}.id", f"{name}.s", *self.random.choice([[], [], ["loop.index"], ["loop.last"]])]
        key = ""
        if "rows" in source:
            key = self.random.choice(["", f' id="k{{{{ {name}.id }}}}"', f' ts-key="{{{{ {name}.id }}}}"'])
        elif self.random.random() < 0.3:
            key = f' data-key="{{{{ {name} }}}}"'
        tag, space = self.random.choice(["li", "div", "span"]), self.random.choice(["", " ", "\n"])
        attributes = "" if " id=" in key else self.attributes(inner)
        body = f"{space}<{tag}{key}{attributes}>{self.nodes(depth - 1, inner)}</{tag}>{space}"
        if self.random.random() < 0.15:
            body = self.nodes(depth - 1, inner)
        test = self.random.choice(["", "", "", f" if {self.test([name])}"])
        orelse = self.random.choice(["", "", f"{{% else %}}{self.nodes(depth - 1, names)}"])
        return f"{{% for {name} in {source}{test} %}}{body}{orelse}{{% endfor %}}"

    def _statement(self, depth: int, names: list[str], chance: float) -> str:
        self.count += 1
        value = self.expression(names)
        if chance < 0.91:
            name = self.random.choice([f"s{self.count}", "a", "n2"])
            names.append(name)
            return f"{{% set {name} = {value} %}}"
        inner = self.nodes(depth - 1, [*names, "z"])
        return self.random.choice(
            [
                f"{{% if {self.test(names)} %}}{{% set b = {value} %}}{{% endif %}}",
                f"{{% with z = {value} %}}{inner}{{% endwith %}}",
                f"{{% filter upper %}}{inner}{{% endfilter %}}",
                f"{{% set k %}}{inner}{{% endset %}}{{{{ k }}}}",
                f"{{% macro m{self.count}(a, z={value}) %}}<u>{{{{ a }}}}{inner}</u>{{% if caller %}}{{{{ caller(a) }}}}"
                f"{{% endif %}}{{% endmacro %}}{{{{ m{self.count}({value}) }}}}"
                f"{{% call(q) m{self.count}(t, n) %}}{self.nodes(depth - 1, names)}{{{{ q }}}}{{% endcall %}}",
                f"{{% macro z{self.count}(x) %}}<span>{{{{ x }}}}</span>{{% endmacro %}}"
                f"{{% for x in xs %}}{{{{ z{self.count}(x) }}}}{{% endfor %}}",
                f"{{% macro m(z) %}}<u>{{{{ z }}}}{{{{ n }}}}</u>{{% endmacro %}}{{{{ m({value}) }}}}",
            ]
        )
