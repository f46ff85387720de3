"""The whole wire of invented publishers, followed from its front page as a crawler follows it: every link answers, and
every page is whole.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

import html5lib
import httpx
import pytest
from lxml import etree

from tests.conftest import scaled
from tests.web.every_page import WORDS, add_pictures
from tests.web.serving import Served
from tests.web.tagged import tagged

MOST = 1_500  # addresses; there are fewer
OWN = "http://tamarind-wire.example"  # the wire's address, as it is for others
IDS = re.compile(r"[a-z2-7]{16}|[0-9]{8}")
# Each list can be narrowed by others, and each search by each filter: so many addresses of one shape are followed.
OF_A_SHAPE = scaled(40)
SOUGHT = (f"/search?q={WORDS}", f"/positions?q={WORDS}")  # where a form leads, which no link does
FILTERS = 2  # at once; each search can be narrowed by all of ten, which is more pages than anybody reads
NOT_OURS = re.compile(r"/own/\d+")  # of the site from which the press serves the wire's own reports
OTHERS = {"mailto", "http", "https"}
NAMED_OTHERWISE = {"hidden", "submit", "button"}


@dataclass
class Crawl:
    """What was found on the way."""

    faults: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)  # how many addresses of each shape
    kinds: Counter[str] = field(default_factory=Counter)  # how many answers of each media type


def shape(address: str) -> str:
    """What many addresses have in common: their path without codes and ids."""
    parts = urlsplit(address)
    path = "/".join("*" if IDS.fullmatch(part) else part for part in parts.path.split("/"))
    for listed in ("/country/", "/region/", "/topic/", "/language/", "/publisher/", "/pictures/", "/feeds/"):
        if path.startswith(listed):
            path = f"{listed}*{'.' + path.rpartition('.')[2] if '.' in path else ''}"
    return path


def links(page: Any) -> Iterator[str]:
    for each in page.iter():
        for name in ("href", "src", "action"):
            if each.get(name) and each.get("method") != "post":
                yield each.get(name)
        for one in (each.get("srcset") or "").split(","):
            if one.strip():
                yield one.split()[0]


def faults_of(page: Any, parser: html5lib.HTMLParser, *, is_linked: bool = False) -> Iterator[str]:
    """What is missing on a page, or twice there. `is_linked`: it is one that readers come to by links."""
    for place, code, values in parser.errors:
        yield f"HTML at {place}: {code} {values}"
    if not page.get("lang") or page.get("dir") not in ("ltr", "rtl"):
        yield "no language, or no direction"
    found = {name: list(page.iter(name)) for name in ("title", "h1", "main", "meta", "link", "label")}
    for name in ("title", "h1", "main"):
        if len(found[name]) != 1 or not "".join(found[name][0].itertext()).strip():
            yield f"{len(found[name])} {name}, or an empty one"
    said = {each.get("name"): each.get("content") for each in found["meta"]}
    is_whole = is_linked or "noindex" not in (said.get("robots") or "")
    if not (said.get("description") or "").strip() and is_whole:
        yield "no description"
    canonical = [each.get("href") for each in found["link"] if each.get("rel") == "canonical"]
    if len(canonical) != 1 and is_whole:
        yield f"{len(canonical)} canonical addresses"
    ids = Counter(each.get("id") for each in page.iter() if each.get("id"))
    yield from (f"twice: id {name}" for name, number in ids.items() if number > 1)
    labelled = {each.get("for") for each in found["label"]}
    for name in ("input", "select", "textarea"):
        for each in page.iter(name):
            if each.get("type") not in NAMED_OTHERWISE and each.get("id") not in labelled:
                yield f"no label: {name} {each.get('name')}"
    for each in page.iter():
        for name in ("aria-labelledby", "aria-describedby", "for"):
            yield from (f"{name}: no {one}" for one in (each.get(name) or "").split() if one not in ids)


def looked_at(answer: httpx.Response, path: str, found: Crawl) -> list[str]:
    """Its links; what is wrong is noted."""
    kind = answer.headers["content-type"].partition(";")[0]
    found.kinds[kind] += 1
    if kind == "text/html":
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        page = parser.parse(answer.text)
        found.faults += [f"{path}: {each}" for each in faults_of(page, parser, is_linked=True)]
        return list(links(page))
    if kind.endswith("xml"):
        etree.fromstring(answer.content)
    elif kind == "text/csv":
        lengths = {len(row) for row in csv.reader(io.StringIO(answer.text))}
        found.faults += [f"{path}: rows of {lengths} columns"] if len(lengths) != 1 else []
    elif not answer.content:
        found.faults.append(f"{path}: empty")
    return []


def crawled(wire: Served) -> Crawl:
    seen = {"/", *SOUGHT}
    found, waiting = Crawl(), deque((path, "") for path in sorted(seen))
    with httpx.Client(base_url=wire.address, timeout=60, verify=False) as client:
        while waiting:
            path, source = waiting.popleft()
            assert len(seen) < MOST
            answer = client.get(path, headers={"Accept": "text/html,*/*;q=0.5"})
            if answer.is_redirect:
                leads = [answer.headers["location"]]
            elif answer.status_code != 200:
                found.faults.append(f"{path}, linked from {source}: {answer.status_code}")
                continue
            else:
                leads = looked_at(answer, path, found)
            for link in leads:
                address = urldefrag(urljoin(f"{wire.address}{path}", link)).url
                address = address.removeprefix(wire.address).removeprefix(OWN) or "/"
                if not address.startswith("/"):
                    if urlsplit(address).scheme not in OTHERS:
                        found.faults.append(f"{path}: leads to {address}")
                    continue
                if NOT_OURS.fullmatch(address) or len(parse_qsl(urlsplit(address).query)) > FILTERS:
                    continue
                if address in seen or found.asked[shape(address)] >= OF_A_SHAPE:
                    continue
                seen.add(address)
                found.asked[shape(address)] += 1
                waiting.append((address, path))
    return found


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    # Whoever serves a wire has its complaints come to the form that is served.
    with tagged(tmp_path_factory.mktemp("crawl"), ('/complaints"', '/complain"')) as found:
        add_pictures(found.paths.database())
        yield found


@pytest.mark.soak
def test_every_link_leads_somewhere_and_every_page_is_whole(wire: Served) -> None:
    found = crawled(wire)
    assert found.faults == []
    for kind in ("text/html", "text/css", "text/javascript", "text/csv", "application/atom+xml", "image/jpeg"):
        assert found.kinds[kind] >= 1, kind
    assert found.kinds["text/html"] >= 50
