"""Which macros of a file call themselves, directly or through others.

It owns that question, asked of every tree that is read. It changes nothing and decides nothing. `Sources` calls it.
"""

from __future__ import annotations

from jinja2 import nodes

from livets.render.changers import mentioned, reached
from livets.render.walk import every


def recursive_macros(tree: nodes.Template) -> set[str]:
    """The names of macros that may get to themselves again.

    >>> from jinja2 import Environment
    >>> source = "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{{ c() }}{% endmacro %}"
    >>> sorted(recursive_macros(Environment().parse(source + "{% macro c() %}{% endmacro %}")))
    ['a', 'b']
    """
    macros = [node for node in every(tree) if isinstance(node, nodes.Macro)]
    steps = [({macro.name}, mentioned(macro.body)) for macro in macros]
    return {
        macro.name for macro, (_, first) in zip(macros, steps, strict=True) if macro.name in reached({*first}, steps)
    }
