"""No word of a publisher becomes active in any format: markup, terminals, spreadsheets, headers, other publishers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from bs4 import BeautifulSoup
from lxml import etree
from msgspec.structs import replace

from aggregator.model import Category, Entry, Text
from aggregator.model.escaping import UNFIT
from aggregator.model.release import Held, Outlet, Release
from aggregator.output.formats import FORMATS
from aggregator.rights import release
from aggregator.text.markup import safe
from tests.conftest import SOAK
from tests.output.vectors import MARKUP, TEXT
from tests.releases import NOW, PICTURE, WIRE, feed, held
from tests.rows import every_row

CONTENT = "http://purl.org/rss/1.0/modules/content/"
EVERY = 1 if SOAK else 20
ALLOWED = {
    "a", "abbr", "address", "aside", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "col",
    "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp",
    "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul",
    "var", "wbr",
}  # fmt: skip
FIELDS = ("title", "byline", "content", "url", "caption", "category", "publisher_name")


def with_vector(field: str, vector: str) -> Held:
    report = held()
    entry = report.entry or Entry()
    if field == "content":
        return replace(report, text=vector, summary=vector, entry=replace(entry, content=(Text(vector),)))
    if field == "caption":
        return replace(report, media=(replace(PICTURE, caption=Text(vector, "text/plain"), alt=vector, credit=vector),))
    if field == "category":
        return replace(report, entry=replace(entry, categories=(Category(vector),), id=vector))
    if field == "url":
        return replace(report, url=f"https://daily.example/{vector}")
    return replace(report, **{field: vector})


def rendered(report: Held, names: Iterable[str] = FORMATS) -> Iterator[tuple[str, str]]:
    """What every format makes of it, or these."""
    found = release(report, WIRE, Outlet(channel="feed", now=NOW))
    assert isinstance(found, Release)
    for name in names:
        yield name, b"".join(FORMATS[name].render(feed((found,)))).decode()


WITH_MARKUP = ("jsonfeed", "ninjs", "atom", "rss")


def markup_in(name: str, said: str) -> list[str]:
    """The HTML that a reader of this format would show."""
    if name == "jsonfeed":
        return [each["content_html"] for each in json.loads(said)["items"]]
    if name == "ninjs":
        bodies = [body for each in json.loads(said) for body in each.get("bodies", ())]
        return [body["value"] for body in bodies if body["contentType"] == "text/html"]
    top = etree.fromstring(said.encode())
    tags = ("{http://www.w3.org/2005/Atom}content", "description", f"{{{CONTENT}}}encoded")
    return [each.text or "" for each in top.iter(*tags)]


def assert_harmless(html: str) -> None:
    for element in BeautifulSoup(html, "html.parser").find_all(True):
        assert element.name in ALLOWED, html
        for attribute, value in element.attrs.items():
            assert not attribute.lower().startswith("on"), html
            assert attribute not in ("style", "class", "id", "name", "srcdoc", "background"), html
            if attribute in ("href", "src", "cite"):
                assert re.match(r"(https?://[^/@]+(/|$|\?|#)|mailto:)", str(value)), html


@every_row("vector", MARKUP[::EVERY])
def test_markup_is_never_active(vector: str) -> None:
    assert_harmless(safe(vector, "https://daily.example/"))
    for field in FIELDS:
        for name, said in rendered(with_vector(field, vector), WITH_MARKUP):
            for html in markup_in(name, said):
                assert_harmless(html)


@every_row("vector", [*TEXT[::EVERY], *MARKUP[::EVERY]])
def test_text_stays_in_its_place(vector: str) -> None:
    for field in FIELDS:
        for name, said in rendered(with_vector(field, vector)):
            assert not UNFIT.search(said.replace("\r\n", "\n")), (name, field)
            if name == "csv":
                rows = list(csv.reader(io.StringIO(said)))
                assert len(rows) == 2
                assert len(rows[1]) == len(rows[0])
                assert not any(cell[:1] in ("=", "+", "-", "@", "\t", "\r") for cell in rows[1])
            elif name == "jsonl":
                assert len(said.splitlines()) == 1
                json.loads(said)
            elif FORMATS[name].media_type.endswith("+xml"):
                tags = [each.tag for each in etree.fromstring(said.encode()).iter()]
                assert set(tags) <= plain_tags()[name] | _more(name)
            else:
                json.loads(said)


@cache
def plain_tags() -> dict[str, set[Any]]:
    """The elements that each format of XML has for a report without vectors."""
    forms = [name for name, form in FORMATS.items() if form.media_type.endswith("+xml")]
    made = rendered(held(), forms)
    return {name: {each.tag for each in etree.fromstring(said.encode()).iter()} for name, said in made}


def _more(name: str) -> set[Any]:
    """Elements that a report without byline or with other fields has."""
    uri = "{http://www.w3.org/2005/Atom}uri"
    return {uri} if name == "atom" else set()


def test_there_are_enough_vectors() -> None:
    assert len(set(MARKUP)) >= 200
    assert len(set(TEXT)) >= 200
