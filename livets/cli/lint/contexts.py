"""Places in a template where escaping a value does not make it safe.

Owns the list of such places (security.md, T08 to T13): unquoted attributes, attribute names, URLs, inline handlers,
scripts and styles, values that are declared safe. A value that comes from people must not stand there.
"""

from __future__ import annotations

from collections.abc import Iterator

from jinja2 import nodes

from livets.cli.lint.finding import Finding
from livets.cli.lint.source import Element, Source
from livets.render.directives_scan import Attribute

_URLS = frozenset(["href", "action", "formaction", "xlink:href", "data", "src", "ping"])
_SRC_OF = frozenset(["iframe", "embed", "script", "frame"])
"""Where a `javascript:` URL in `src` would run."""


def unsafe(source: Source) -> Iterator[Finding]:
    """All such places."""
    for element in source.elements:
        for attribute in element.tag.attributes:
            yield from _attribute(source, element, attribute)
        yield from _names(source, element)
        yield from _raw(source, element)
    yield from _filters(source)


def _attribute(source: Source, element: Element, attribute: Attribute) -> Iterator[Finding]:
    line, name = source.line(attribute.start), attribute.name
    value = source.value(attribute)
    parts = source.parts(value)
    has_output = any(kind == "output" for kind, _ in parts)
    if has_output and not attribute.quote:
        yield Finding(
            source.file, line, "unquoted",
            f"the value of {name} is not quoted: a space in it begins a new attribute, onmouseover=… for instance",
            f'write quotes: {name}="{value}"',
        )  # fmt: skip
    if has_output and name.startswith("on"):
        yield Finding(
            source.file, line, "inline-handler",
            f"{name} is JavaScript, and a value in it becomes part of the program, escaped or not",
            f'use ts-on:{name[2:]}="handler" and data-* attributes',
        )  # fmt: skip
    elif has_output and name == "srcdoc":
        yield Finding(
            source.file, line, "srcdoc", "srcdoc is HTML: an escaped value is markup again there",
            "serve the document from a URL of its own and use src",
        )  # fmt: skip
    if name in _URLS and (name != "src" or element.name in _SRC_OF) and (name != "data" or element.name == "object"):
        yield from _url(source, line, name, value, parts)


def _url(source: Source, line: int, name: str, value: str, parts: list[tuple[str, str]]) -> Iterator[Finding]:
    if "".join(value.split()).lower().startswith("javascript:"):
        yield Finding(
            source.file, line, "javascript-url", f"{name} is a program (javascript:)",
            'use <button type="button" ts-on:click="handler">',
        )  # fmt: skip
    elif parts and parts[0][0] == "output" and not _is_known_url(source, parts[0][1]):
        yield Finding(
            source.file, line, "url",
            f"{name} begins with a value: if people can choose it, javascript:… runs when it is followed",
            "let it begin with / or https://, or check the scheme in the view and write {# livets: ok url #}",
        )  # fmt: skip


def _names(source: Source, element: Element) -> Iterator[Finding]:
    """Values among the attributes, where names are expected."""
    at = element.tag.start
    for start, end in [*((each.start, each.end) for each in element.tag.attributes), (element.tag.close, 0)]:
        for kind, text in source.parts(source.text[at:start]):
            if kind == "output" and not _is_constant(source, text):
                yield Finding(
                    source.file, source.line(at), "attribute-name",
                    f"{{{{ {text} }}}} stands where attributes are written: a value there can add any attribute, "
                    "onclick for instance",
                    "write the attribute's name, and the value in quotes",
                )  # fmt: skip
        at = end
    for attribute in element.tag.attributes:
        if "{{" in attribute.name:
            yield Finding(
                source.file, source.line(attribute.start), "attribute-name",
                f"the name of the attribute {attribute.name} is a value: it can become onclick",
                "write the names, with {% if %} around them",
            )  # fmt: skip


def _raw(source: Source, element: Element) -> Iterator[Finding]:
    for token in element.raw:
        text = source.text[token.start : token.end]
        if not text.startswith("{{") or (element.name == "script" and _ends_with_filter(source, text, "tojson")):
            continue
        what = "a program" if element.name == "script" else "a style sheet"
        yield Finding(
            source.file, source.line(token.start), element.name,
            f"<{element.name}> is {what}, and a value in it becomes part of it, escaped or not",
            "hand it over in a data-* attribute" + (", or write |tojson" if element.name == "script" else ""),
        )  # fmt: skip


def _filters(source: Source) -> Iterator[Finding]:
    """`|safe`, `|xmlattr` and autoescape switched off."""
    if source.tree is None:
        return
    for node in source.tree.find_all(nodes.Filter):
        if node.name == "safe":
            yield Finding(
                source.file, node.lineno, "safe", "|safe puts a value into the page as HTML, scripts included",
                "leave it out, or clean the value first and write {# livets: ok safe #}",
            )  # fmt: skip
        elif node.name == "xmlattr" and not _has_constant_keys(node.node):
            yield Finding(
                source.file, node.lineno, "xmlattr", "|xmlattr writes the keys of a value as attribute names",
                "write the keys down: {'title': title}|xmlattr",
            )  # fmt: skip
    for scope in source.tree.find_all(nodes.ScopedEvalContextModifier):
        for option in scope.options:
            if option.key == "autoescape" and not (isinstance(option.value, nodes.Const) and option.value.value):
                yield Finding(
                    source.file, scope.lineno, "autoescape", "autoescape is switched off here",
                    "leave it on; what is HTML already is markupsafe.Markup",
                )  # fmt: skip


def _parsed(source: Source, expression: str) -> nodes.Node | None:
    try:
        body = source.environment.parse("{{ " + expression + " }}").body
    except Exception:
        return None
    output = body[0] if body else None
    return output.nodes[0] if isinstance(output, nodes.Output) and output.nodes else None


def _is_constant(source: Source, expression: str) -> bool:
    """Whether all that it can become stands in the template: `"hidden" if empty`; `|xmlattr` has its own rule."""
    node = _parsed(source, expression)
    return node is None or _constant(node) or (isinstance(node, nodes.Filter) and node.name == "xmlattr")


def _constant(node: nodes.Node | None) -> bool:
    if isinstance(node, nodes.CondExpr):
        return _constant(node.expr1) and (node.expr2 is None or _constant(node.expr2))
    return isinstance(node, nodes.Const)


def _is_known_url(source: Source, expression: str) -> bool:
    """Whether its beginning stands in the template, or a function makes it."""
    node = _parsed(source, expression)
    while isinstance(node, nodes.Concat | nodes.Add):
        node = node.nodes[0] if isinstance(node, nodes.Concat) else node.left
    if isinstance(node, nodes.CondExpr):
        return all(_is_known(each) for each in (node.expr1, node.expr2) if each is not None)
    return node is None or _is_known(node)


def _is_known(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const | nodes.Call)


def _ends_with_filter(source: Source, text: str, name: str) -> bool:
    node = _parsed(source, text[2:-2].strip("-+ \t\r\n"))
    return isinstance(node, nodes.Filter) and node.name == name


def _has_constant_keys(node: nodes.Node | None) -> bool:
    return isinstance(node, nodes.Dict) and all(isinstance(item.key, nodes.Const) for item in node.items)
