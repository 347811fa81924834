"""What is known of an output before it is evaluated: that it is markup, and a cheaper way to say the same.

It owns which filters and calls give markup. It never evaluates anything. The builder asks whether an output can be
text, the writer which expression to write.
"""

from __future__ import annotations

from jinja2 import nodes

from livets.render.guards import ATTRIBUTES_FILTER, URL_FILTER, VALUE_FILTER
from livets.render.names import Definition, Names

_MARKUP_FILTERS = frozenset({"safe", "tojson", "urlize", "xmlattr", "forceescape"})
_FILTERS_THAT_KEEP_MARKUP = frozenset({URL_FILTER, VALUE_FILTER, ATTRIBUTES_FILTER})


def is_html(node: nodes.Node, names: Names) -> bool:
    """True when an expression is known to give markup (a macro's result, |safe, ...)."""
    match node:
        case nodes.Filter():
            if node.name in _FILTERS_THAT_KEEP_MARKUP and node.node is not None:
                return is_html(node.node, names)
            return node.name in _MARKUP_FILTERS
        case nodes.Call(node=nodes.Name(name="caller")):
            return True
        case nodes.Call(node=nodes.Name() as callee):
            place = names.find(callee.name)
            entry = place.entry if place is not None else None
            return isinstance(entry, Definition) and isinstance(entry.node, nodes.Macro | nodes.FromImport)
        case nodes.Call(node=nodes.Getattr(node=nodes.Name() as module)):
            place = names.find(module.name)
            entry = place.entry if place is not None else None
            return isinstance(entry, Definition) and isinstance(entry.node, nodes.Import)
        case nodes.CondExpr():
            return is_html(node.expr1, names) or (node.expr2 is not None and is_html(node.expr2, names))
        case nodes.Name():
            place = names.find(node.name)
            entry = place.entry if place is not None else None
            if isinstance(entry, Definition) and isinstance(entry.node, nodes.AssignBlock):
                return True
            return (
                isinstance(entry, Definition)
                and isinstance(entry.node, nodes.Assign)
                and (
                    isinstance(entry.node.target, nodes.Name)
                    and place is not None
                    and place.outer is not None
                    and is_html(entry.node.node, place.outer)
                )
            )
        case nodes.MarkSafe() | nodes.MarkSafeIfAutoescape():
            return True
        case nodes.Mod():  # a translation with values in it
            return is_html(node.left, names)
    return False


def is_json(node: nodes.Expr) -> bool:
    """True for `|tojson`: markup without any `<`, `>`, `&` or `'`."""
    return isinstance(node, nodes.Filter) and node.name == "tojson"


def plain_output(node: nodes.Expr) -> nodes.Expr:
    """An output without what costs time and means nothing: a trailing `|e`, an undefined for an `if` without `else`."""
    while isinstance(node, nodes.Filter) and node.name in ("e", "escape") and node.node is not None and not node.args:
        node = node.node
    if isinstance(node, nodes.Filter) and node.name in _FILTERS_THAT_KEEP_MARKUP and node.node is not None:
        inner = plain_output(node.node)
        if inner is not node.node:
            given = node.args, node.kwargs, node.dyn_args, node.dyn_kwargs
            node = nodes.Filter(inner, node.name, *given, lineno=node.lineno, environment=node.environment)
    if isinstance(node, nodes.CondExpr):
        empty = nodes.Const("", lineno=node.lineno)  # Jinja2 shows nothing there, whatever `undefined` is
        orelse = empty if node.expr2 is None else plain_output(node.expr2)
        return nodes.CondExpr(node.test, plain_output(node.expr1), orelse, lineno=node.lineno)
    return node
