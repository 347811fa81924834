"""Every node of a syntax tree, in a part of the time of Jinja2's `find_all`.

Owns the walk, of which compiling a template does some hundred. It changes nothing. Called by all that reads trees.
"""

from __future__ import annotations

from jinja2 import nodes


def every(node: nodes.Node) -> list[nodes.Node]:
    """A node and all that are inside of it, as they are written.

    >>> from jinja2 import Environment
    >>> tree = Environment().parse("{{ a + b.c }}{{ d }}")
    >>> [type(node).__name__ for node in every(tree)]
    ['Template', 'Output', 'Add', 'Name', 'Getattr', 'Name', 'Name']
    """
    found, waiting = [], [node]
    while waiting:
        each = waiting.pop()
        found.append(each)
        inside: list[nodes.Node] = []
        for name in each.fields:
            value = getattr(each, name, None)
            if type(value) is list:
                inside += [part for part in value if isinstance(part, nodes.Node)]
            elif isinstance(value, nodes.Node):
                inside.append(value)
        if inside:
            inside.reverse()
            waiting += inside
    return found
