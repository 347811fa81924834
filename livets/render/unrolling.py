"""Recursive loops as loops in loops: `{{ loop(item.kids) }}` becomes the loop over `item.kids`, a few levels deep.

It owns which recursive loops can be: those that call themselves in an output, and whose rows read nothing that the
rows around them set. What is deeper stays a recursive loop, which Jinja2 renders. It never looks at HTML. The linker
calls it.
"""

from __future__ import annotations

from typing import Any

from jinja2 import nodes

from livets.render.changers import mentioned
from livets.render.inlining import levels_of, stored
from livets.render.names import free
from livets.render.walk import every

_OWN_LOOP = (nodes.Macro, nodes.CallBlock, nodes.AssignBlock, nodes.FilterBlock, nodes.Include, nodes.Block, nodes.For)
"""Statements in whose inside `loop` may be another one, or can't be written otherwise."""
_DEEPEST: Any = 2
"""What a loop has for `recursive` when those around it are written out: true to Jinja2, and not to be taken apart."""
_DEPTHS = {"depth": 1, "depth0": 0}


def unrolled(node: nodes.For) -> nodes.For | None:
    """The loop, not recursive; None when only Jinja2 gets it right."""
    if is_deepest(node) or not _is_simple(node):
        return None
    inside = [found for part in node.body for found in every(part)]
    calls = sum(_is_call(found) for found in inside)
    return _level(node, node.iter, 0, levels_of(len(inside), calls)) if calls else None


def is_deepest(node: nodes.For) -> bool:
    """True for a recursive loop inside of the levels that are written out."""
    return bool(node.recursive == _DEEPEST)


def _is_simple(node: nodes.For) -> bool:
    inside = [found for part in node.body for found in every(part)]
    if any(isinstance(found, nodes.Include | nodes.Block | nodes.Break | nodes.Continue) for found in inside):
        return False
    others = [found for found in inside if isinstance(found, _OWN_LOOP)]
    if any("loop" in mentioned([found]) for found in others) or "loop" in mentioned(node.else_):
        return False
    fit = [each for output in inside if isinstance(output, nodes.Output) for each in output.nodes if _is_call(each)]
    read = [each for each in inside if isinstance(each, nodes.Getattr) and _is_loop(each.node)]
    if len(fit) + len(read) != sum(map(_is_loop, inside)):
        return False
    return node.environment is not None and not free(node.environment, node.body) & stored(inside)


def _is_loop(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "loop"


def _is_call(node: nodes.Node) -> bool:
    return (
        isinstance(node, nodes.Call)
        and _is_loop(node.node)
        and len(node.args) == 1
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    )


def _level(node: nodes.For, source: nodes.Node, depth: int, levels: int) -> nodes.For:
    """The loop over `source`, whose rows are at `depth`; below the last level it is recursive again."""
    is_last = depth > levels
    body = [part for each in node.body for part in _rewritten(each, node, depth, levels, is_last=is_last)]
    orelse = [part for each in node.else_ for part in _rewritten(each, node, depth, levels, is_last=True)]
    found = nodes.For(node.target, source, body, orelse, node.test, _DEEPEST if is_last else False, lineno=node.lineno)
    found.set_environment(node.environment)  # type: ignore[arg-type]
    return found


def _rewritten(each: nodes.Node, loop: nodes.For, depth: int, levels: int, *, is_last: bool) -> list[nodes.Node]:
    """A statement of the body at a depth: the calls of the loop are loops, its depth is known."""
    if isinstance(each, nodes.Output):
        found: list[nodes.Node] = []
        for child in each.nodes:
            if _is_call(child) and not is_last:
                assert isinstance(child, nodes.Call)
                source = _with_depth(child.args[0], depth, is_last=False)
                found.append(_level(loop, source, depth + 1, levels))
            else:
                found.append(nodes.Output([_with_depth(child, depth, is_last=is_last)], lineno=each.lineno))
        return found
    fields: dict[str, Any] = {}
    for name, value in each.iter_fields():
        if isinstance(value, list):
            parts = (
                _rewritten(part, loop, depth, levels, is_last=is_last)
                if isinstance(part, nodes.Stmt)
                else [_with_depth(part, depth, is_last=is_last)]
                for part in value
            )
            fields[name] = [part for inner in parts for part in inner]
        else:
            fields[name] = _with_depth(value, depth, is_last=is_last)
    return [_copy(each, fields)]


def _with_depth(value: Any, depth: int, *, is_last: bool) -> Any:
    """A copy of an expression in which `loop.depth` is what it is there."""
    if isinstance(value, list):
        return [_with_depth(part, depth, is_last=is_last) for part in value]
    if not isinstance(value, nodes.Node):
        return value
    if isinstance(value, nodes.Getattr) and _is_loop(value.node) and value.attr in _DEPTHS:
        line: dict[str, Any] = {"lineno": value.lineno}
        if is_last:
            return nodes.Add(_copy(value, dict(value.iter_fields())), nodes.Const(depth, **line), **line)
        return nodes.Const(depth + _DEPTHS[value.attr], **line)
    fields = {name: _with_depth(inner, depth, is_last=is_last) for name, inner in value.iter_fields()}
    return _copy(value, fields)


def _copy(node: nodes.Node, fields: dict[str, Any]) -> nodes.Node:
    copied = type(node)(*(fields[name] for name in node.fields), lineno=node.lineno)
    copied.environment = node.environment
    return copied
