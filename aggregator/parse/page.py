"""Reads the page of one report: what it says to programs, and its text."""

from __future__ import annotations

from typing import Any

from lxml import html as lxml_html
from lxml.etree import ParserError

from aggregator.model import FetchResult, Page, PageEvidence
from aggregator.model.errors import ParseError
from aggregator.parse import discovery, encoding
from aggregator.text.dates import read_date
from aggregator.text.tags import is_tangled
from aggregator.text.urls import literal, resolved

MOST_BYTES = 3_000_000  # of a page that is read


def page_of(result: FetchResult, *, with_text: bool = True) -> Page:
    """What the page in an answer says. `with_text`: its text too, which takes most of the time.

    Raises ParseError, and nothing else, if the answer is no page of HTML that can be read.
    """
    if len(result.body) > MOST_BYTES:
        raise ParseError(f"the page has {len(result.body)} bytes, and at most {MOST_BYTES} are read")
    document, _, _ = encoding.to_utf8(result.body, result.headers.get("content-type"))
    if not discovery.is_page(document):
        raise ParseError("it is no HTML page; look whether the report's address leads to a file")
    markup = document.decode("utf-8", "replace")
    if is_tangled(markup):
        raise ParseError("the page has too many elements within each other to be read")
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml_html.document_fromstring(document, parser=parser)
    except (ParserError, ValueError) as error:
        raise ParseError("the page is empty, or not HTML that can be read") from error
    said = _said(tree)
    found: dict[str, Any] = {}
    evidence: list[PageEvidence] = []

    def take(field: str, value: Any, rule: str) -> None:
        if value and field not in found:
            found[field] = value
            evidence.append(PageEvidence(field, rule))

    for key in ("article:published_time", "datepublished"):
        take("published_stated", said.get(key), "meta")
    take("published", read_date(found.get("published_stated")), "meta")
    take("title", said.get("og:title"), "opengraph")
    take("site", said.get("og:site_name"), "opengraph")
    href = next(iter(tree.xpath("//link[@rel='canonical']/@href")), "")
    take("canonical", literal(resolved(result.url, href)) if href else None, "link")
    take("language", tree.get("lang"), "html")
    if with_text:
        take("paragraphs", _paragraphs(tree), "trafilatura")
    return Page(url=literal(result.url), evidence=tuple(evidence), **found)


def _said(tree: Any) -> dict[str, str]:
    metas = ((meta.get("property") or meta.get("name") or "", meta.get("content") or "") for meta in tree.iter("meta"))
    return {name.lower(): content.strip() for name, content in metas if name and content.strip()}


def _paragraphs(tree: Any) -> tuple[str, ...]:
    from trafilatura import bare_extraction  # costs 180 ms, and only whoever reads a page's text needs it
    from trafilatura.settings import Document

    read = bare_extraction(tree, include_comments=False, with_metadata=False)
    text = read.text if isinstance(read, Document) else None
    return tuple(filter(None, map(str.strip, (text or "").split("\n"))))
