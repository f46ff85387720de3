"""XML that is made of a publisher's words: elements of lxml, in which nothing that is said can become markup."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from lxml import etree

from aggregator.text.printable import lines

Element: TypeAlias = Any  # of lxml, which has no types
XML = "http://www.w3.org/XML/1998/namespace"


def root(
    name: str, namespaces: Mapping[str | None, str], attributes: Mapping[str, str | None] | None = None
) -> Element:
    """The outermost element; `name` and attributes as `{namespace}name`."""
    element = etree.Element(name, nsmap=dict(namespaces))
    _set(element, attributes or {})
    return element


def add(
    parent: Element, name: str, text: str | None = None, attributes: Mapping[str, str | None] | None = None
) -> Element:
    """An element within `parent`. Attributes that are None are left out."""
    element = etree.SubElement(parent, name)
    if text is not None:
        element.text = lines(text)
    _set(element, attributes or {})
    return element


def add_if(parent: Element, name: str, text: str | None, attributes: Mapping[str, str | None] | None = None) -> None:
    """The same, unless there is no text."""
    if text:
        add(parent, name, text, attributes)


def document(element: Element) -> bytes:
    """The document in UTF-8, indented, with its declaration."""
    etree.indent(element)
    return bytes(etree.tostring(element, encoding="UTF-8", xml_declaration=True)) + b"\n"


def _set(element: Element, attributes: Mapping[str, str | None]) -> None:
    for name, value in attributes.items():
        if value is not None:
            element.set(name, lines(value))
