"""How assistive technology sees an element: its role and its accessible name.

Owns the roles that HTML elements have by themselves and the sources of names, as far as tests ask for them. Used by
`queries` (`find(role=…, label=…)`).
"""

from __future__ import annotations

from livets.mirror.nodes import Node
from livets.testing.document import Document
from livets.testing.forms import kind_of

_BY_TAG = {
    "article": "article", "aside": "complementary", "button": "button", "dialog": "dialog", "fieldset": "group",
    "figure": "figure", "footer": "contentinfo", "form": "form", "h1": "heading", "h2": "heading", "h3": "heading",
    "h4": "heading", "h5": "heading", "h6": "heading", "header": "banner", "hr": "separator", "img": "img",
    "li": "listitem", "main": "main", "meter": "meter", "nav": "navigation", "ol": "list", "option": "option",
    "output": "status", "p": "paragraph", "progress": "progressbar", "section": "region", "table": "table",
    "tbody": "rowgroup", "td": "cell", "textarea": "textbox", "th": "columnheader", "tr": "row", "ul": "list",
}  # fmt: skip
_BY_TYPE = {
    "button": "button", "checkbox": "checkbox", "image": "button", "number": "spinbutton", "radio": "radio",
    "range": "slider", "reset": "button", "search": "searchbox", "submit": "button",
}  # fmt: skip
_NAMED_BY_CONTENT = frozenset(
    ["button", "cell", "checkbox", "columnheader", "heading", "link", "listitem", "menuitem", "option", "radio", "row",
     "switch", "tab", "tooltip", "treeitem"]
)  # fmt: skip


def text_of(node: Node) -> str:
    """The text inside, with white space as a person sees it."""
    return " ".join(node.text.split())


def role_of(node: Node) -> str:
    """The role, given or implied; "" for elements without one."""
    given = node.attributes.get("role", "").split()
    if given:
        return given[0].lower()
    if node.tag == "a":
        return "link" if "href" in node.attributes else ""
    if node.tag == "input":
        kind = kind_of(node)
        return "" if kind == "hidden" else _BY_TYPE.get(kind, "textbox")
    if node.tag == "select":
        return "listbox" if "multiple" in node.attributes or "size" in node.attributes else "combobox"
    return _BY_TAG.get(node.tag, "")


def names_of(document: Document, node: Node) -> list[str]:
    """What the element is called: its accessible name, and every single label of a control that has several."""
    attributes = node.attributes
    if labelled_by := attributes.get("aria-labelledby", "").split():
        named = (document.by_id(each) for each in labelled_by)
        return [" ".join(text_of(each) for each in named if each is not None)]
    if label := attributes.get("aria-label", "").strip():
        return [label]
    names = [text_of(label) for label in _labels(document, node)]
    if node.tag == "input" and kind_of(node) in ("submit", "reset", "button"):
        names.append(attributes.get("value", kind_of(node).capitalize()))
    if node.tag in ("fieldset", "figure", "table"):
        titles = ("legend", "figcaption", "caption")
        names += [text_of(child) for child in node.children if child.tag in titles]
    if role_of(node) in _NAMED_BY_CONTENT and not names:
        names.append(_content_name(node))
    names += [attributes[name].strip() for name in ("alt", "title", "placeholder") if name in attributes]
    return [name for name in names if name]


def _labels(document: Document, node: Node) -> list[Node]:
    if node.tag not in ("input", "select", "textarea", "button", "meter", "output", "progress"):
        return []
    found = [each for each in node.around() if each.tag == "label" and "for" not in each.attributes]
    id = node.attributes.get("id")
    if id:
        found += [each for each in document.body.elements() if each.tag == "label" and each.attributes.get("for") == id]
    return found


def _content_name(node: Node) -> str:
    """Text inside, with images by their `alt`."""
    parts = []
    for child in node.children:
        if child.kind == "element":
            parts.append(child.attributes.get("aria-label") or child.attributes.get("alt") or _content_name(child))
        elif child.kind == "range":
            parts.append(_content_name(child))
        elif child.kind == "text":
            parts.append(child.data)
    return " ".join(" ".join(parts).split())
