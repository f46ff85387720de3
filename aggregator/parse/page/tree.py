"""The elements of a page, bounded in size and depth, and what stands in one of them as plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree, html

from aggregator.model import FetchResult, Text
from aggregator.model.errors import ParseError
from aggregator.parse import discovery, encoding
from aggregator.text.html import one_line
from aggregator.text.urls import page_of, resolved

Element = Any  # of lxml, which has no types

MOST_BYTES = 4_000_000  # the longest pages of newsrooms have 3 million, most of it scripts
_MOST_INSIDE = 400  # elements within one that is short
_MOST_TAGS = 40_000  # the largest have 15,000
_LONGEST_NAME = 500  # characters that are read of classes and ids
_LONGEST_ATTRIBUTE = 20_000  # characters that are read of one
_HTML_TYPES = ("text/html", "application/xhtml+xml")
_SOME_TAG = re.compile(rb"<(?:head|body|title|article|main|h1|p|div)[\s>]", re.IGNORECASE)
# The `charset` of a page's own `meta` (https://html.spec.whatwg.org/#determining-the-character-encoding).
_META_CHARSET = re.compile(rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_SAYS_NOTHING = re.compile(r"charset\s*=\s*[\"']?(?:iso-8859-1|us-ascii)\b", re.IGNORECASE)
_PARSER = html.HTMLParser(encoding="utf-8")
# https://html.spec.whatwg.org/#attr-meta-http-equiv-refresh
_REFRESH = re.compile(r"\s*[\d.]{1,10}\s*[;,]\s*(?:url\s*=\s*)?+[\"']?([^\"'<>]{1,4000})", re.IGNORECASE)
_FEW_WORDS = 600  # characters of a page that only leads on
_LOOKED_AT = 4096  # bytes in which a page names its encoding
_BLOCK = (
    "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main nav "
    "ol p pre section table td th tr ul"
)
# For programs, or for other programs than browsers with scripts; of AMP (https://amp.dev/documentation/components/).
_FOR_OTHERS = "noscript noframes template amp-ad amp-embed amp-sticky-ad amp-consent amp-user-notification amp-sidebar"
_NO_TEXT = "script style svg iframe object head button select textarea"
BLOCKS = frozenset(_BLOCK.split())
FOR_OTHERS = frozenset(_FOR_OTHERS.split())
SILENT = FOR_OTHERS | frozenset(_NO_TEXT.split())
_SPACES = re.compile(r"[\s\u200b\ufeff\u00ad]+")


def elements_of(result: FetchResult) -> Element:
    """The root element of the page of HTML in an answer.

    Raises ParseError if it is none, or is larger than any page of a report.
    """
    if len(result.body) > MOST_BYTES:
        raise ParseError(f"the page has {len(result.body):,} bytes; at most {MOST_BYTES:,} are read")
    content_type = result.headers.get("content-type", "")
    document, _, _ = encoding.to_utf8(result.body, _with_charset(result.body, content_type))
    if not document.strip():
        raise ParseError("the page is empty: the server sent nothing")
    if not _is_page(document, content_type):
        raise ParseError("it is not an HTML page; look where the report's address leads")
    if document.count(b"<") > 2 * _MOST_TAGS:
        raise ParseError(f"the page has more than {_MOST_TAGS:,} elements; no report needs that")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.LxmlError, ValueError) as error:
        raise ParseError("the page has no elements that can be read") from error
    if root is None or root.tag != "html":
        raise ParseError("the page has no elements that can be read")
    if leads_on(root, result.url):
        raise ParseError("the page has nothing but a way to another address")
    return root


def leads_on(root: Element, url: str) -> bool:
    """Whether a page has few words and sends browsers to another one (`meta http-equiv="refresh"`)."""
    for meta in root.iter("meta"):
        found = _REFRESH.match(meta.get("content") or "")
        is_said = (meta.get("http-equiv") or "").strip().lower() == "refresh"
        if not is_said or found is None or any(outer.tag == "noscript" for outer in around(meta)):
            continue
        if page_of(resolved(url, found[1].strip())) != page_of(url):
            return len(words(root)) <= _FEW_WORDS
    return False


def for_others(root: Element) -> Element:
    """The page as other libraries want it; what they do to it leaves ours as it is."""
    return html.document_fromstring(etree.tostring(root, encoding="utf-8", method="html"), parser=_PARSER)


def _is_page(document: bytes, content_type: str) -> bool:
    if discovery.is_page(document):
        return True
    is_said = content_type.partition(";")[0].strip().lower() in (*_HTML_TYPES, "")
    return is_said and document.lstrip()[:1] == b"<" and _SOME_TAG.search(document[:_LOOKED_AT]) is not None


def _with_charset(body: bytes, content_type: str) -> str:
    """The type with the charset that the page names itself, where the server names none, or the one of its default."""
    found = _META_CHARSET.search(body[:_LOOKED_AT])
    if found is None or ("charset" in content_type.lower() and not _SAYS_NOTHING.search(content_type)):
        return content_type
    return f"text/html; charset={found[1].decode('ascii', 'replace')}"


# What elements say


def words(element: Element, without: frozenset[str] = SILENT) -> str:
    """The text of an element in one line, a blank between its blocks; elements of the names `without` are left out."""
    pieces: list[str] = []
    _collect(element, without, pieces)
    return spaced("".join(pieces))


def _collect(element: Element, without: frozenset[str], pieces: list[str]) -> None:
    """Depth is bounded: the parser reads 255 levels at most."""
    if element.text:
        pieces.append(element.text)
    for child in element:
        name = child.tag
        if isinstance(name, str) and name not in without:
            if name in BLOCKS:
                pieces.append(" ")
                _collect(child, without, pieces)
                pieces.append(" ")
            else:
                _collect(child, without, pieces)
        if child.tail:
            pieces.append(child.tail)


def is_longer(element: Element, most: int) -> bool:
    """Whether an element has more than so many characters of text, or more elements than such a text needs; no more of
    it is looked at than that.
    """
    length = 0
    for place, each in enumerate(element.iter()):
        length += len((each.text or "").strip())
        if place:
            length += len((each.tail or "").strip())
        if length > most or place > _MOST_INSIDE:
            return True
    return False


def short_words(element: Element, most: int) -> str:
    """`words` of an element that has no more characters than `most`; '' for a longer one."""
    said = "" if is_longer(element, most) else words(element)
    return said if len(said) <= most else ""


def spaced(said: str) -> str:
    """With single blanks."""
    return _SPACES.sub(" ", said).strip()


def line(said: str | None, longest: int = 1_000) -> str:
    """An attribute, or a value of JSON, as one plain line; references and tags that were escaped once more are read."""
    if not said:
        return ""
    said = said[:_LONGEST_ATTRIBUTE]
    if "<" in said or "&" in said:
        said = one_line(Text(said, "text/html"))
        if "&" in said:
            said = one_line(Text(said, "text/html"))
    return spaced(said)[:longest].strip()


def named(element: Element) -> str:
    """The classes and the id of an element, in small letters."""
    return f"{(element.get('class') or '')[:_LONGEST_NAME]} {(element.get('id') or '')[:_LONGEST_NAME]}".lower()


def around(element: Element) -> Iterator[Element]:
    """The element itself and those around it, the innermost first."""
    while element is not None:
        yield element
        element = element.getparent()


def metas_of(root: Element) -> dict[str, list[str]]:
    """What the `meta` elements of a page say, by `property`, `name` or `itemprop` in small letters."""
    found: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        content = meta.get("content")
        if content and content.strip():
            for key in ("property", "name", "itemprop"):
                for name in (meta.get(key) or "").lower().split():
                    found.setdefault(name, []).append(content[:_LONGEST_ATTRIBUTE].strip())
    return found


def first(metas: dict[str, list[str]], names: Iterable[str]) -> tuple[str, str] | None:
    """The first of these names that says something, and what it says."""
    return next(((name, said) for name in names for said in metas.get(name, ()) if line(said)), None)
