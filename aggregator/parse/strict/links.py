"""The links of an entry, as feedparser and `feed` find and order them; it alone knows what is a link of what kind.

The facts are feedparser's (6.0.14: namespaces/_base.py, `_start_link`, `_start_guid`; mixin.py, `pop`; urls.py).
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from aggregator.model import Link
from aggregator.model.errors import ParseError

Part = tuple[str, str, dict[str, str]]  # key, text, attributes

_IANA = "http://www.iana.org/assignments/relation/"
_WEB = ("http://", "https://")
_HTML = ("text/html", "html", "application/xhtml+xml", "xhtml")
_SLASHES = re.compile(r"^([A-Za-z][A-Za-z0-9+-.]*://)(/*)(.*?)")
_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")


def links(parts: list[Part], entry_id: str | None, version: str, base: str, url: str) -> tuple[Link, ...]:
    """All links, each once. `base`: xml:base in scope; `url`: where an Atom document was fetched.

    Raises ParseError for links that are not plain.
    """
    is_atom = version.startswith("atom")
    found = [Link(text.strip()) for name in ("original", "pheedo") for key, text, _ in parts if key == name]
    for part in parts:
        if part[0] == "base":
            base = part[1]
        elif part[0] in ("link", "enclosure", "licence"):
            found.append(_link(part, base, is_atom))
    found = [link for link in found if link.href]
    if entry_id and not is_atom and not any(link.rel == "alternate" for link in found):
        found += _permalink(parts, entry_id, version)
    for key, _, attributes in parts:
        if key == "media" and (address := attributes.get("url", "").strip()):
            found.append(Link(address, "enclosure", attributes.get("type", "").lower().strip() or None))
    return tuple(dict.fromkeys(link if link.href.startswith(_WEB) else _absolute(link, url, is_atom) for link in found))


def _absolute(link: Link, url: str, is_atom: bool) -> Link:
    if not is_atom:
        raise ParseError("a relative link")
    try:
        return Link(urljoin(url, link.href), link.rel, link.type)
    except ValueError:
        return link


def _link(part: Part, base: str, is_atom: bool) -> Link:
    key, text, attributes = part
    if key == "licence":
        return Link(text.strip(), "license")
    addresses = [attributes[name] for name in ("url", "uri", "href") if name in attributes]
    if len(addresses) > 1 or (key == "link" and addresses and "href" not in attributes):
        raise ParseError("a link with two addresses")
    if key == "enclosure":
        return _typed(addresses[0] if addresses else "", "enclosure", attributes.get("type", ""))
    if addresses:
        said = attributes.get("rel", "alternate").lower()
        by_default = "application/atom+xml" if said == "self" else "text/html"
        return _typed(_joined(base, addresses[0]), said, attributes.get("type", by_default))
    if attributes or is_atom:
        raise ParseError("a link without an address")
    return Link(_REFERENCE.sub(r"&\g<1>", _fixed(text.strip()).replace("&amp;", "&")), "alternate", "text/html")


def _typed(href: str, said: str, media_type: str) -> Link:
    """feedparser says `text/html` of every link that names no type; of a page that is true, of a picture it is not."""
    rel, kind = (said.strip() or "alternate").removeprefix(_IANA), media_type.lower().strip() or None
    return Link(href.strip(), rel, None if kind == "text/html" and rel != "alternate" else kind)


def _permalink(parts: list[Part], entry_id: str, version: str) -> list[Link]:
    """The id as the link of an RSS item that has no other, if it is one."""
    at = next((place for place, part in enumerate(parts) if part[0] == "id"), None)
    if at is None:
        is_link = version in ("rss090", "rss10")
    else:
        attributes = {name.lower(): value for name, value in parts[at][2].items()}
        is_link = attributes.get("ispermalink", "true") == "true"
        is_link = is_link and not any(_is_page(part) for part in parts[:at] if part[0] == "link")
        entry_id = _fixed(entry_id) if is_link else entry_id
    return [Link(entry_id)] if is_link and entry_id.startswith(_WEB) else []


def _is_page(part: Part) -> bool:
    attributes = part[2]
    media_type = attributes.get("type", "text/html").lower()
    return "href" not in attributes or (
        attributes.get("rel", "alternate").lower() == "alternate" and media_type in _HTML
    )


def _fixed(address: str) -> str:
    return _SLASHES.sub(r"\1\3", address)


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, _fixed(address))
    except ValueError:
        return ""
