"""Each format against its expected file, its schema, and a reader that is not ours."""

from __future__ import annotations

import ast
import csv
import html
import io
import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from lxml import etree
from msgspec.structs import replace

from aggregator.model import DEFAULT_DISCLAIMERS, article
from aggregator.output.formats import FORMATS
from aggregator.output.record import FIELDS, NAMES
from tests import ROOT, make_expected
from tests.every_profile import PROFILES, stored
from tests.releases import feed, released
from tests.rows import every_row

SCHEMAS = ROOT.parent / "shared" / "schemas"
ATOM, DELETED = "{http://www.w3.org/2005/Atom}", "{http://purl.org/atompub/tombstones/1.0}"
FEEDS = [name for name, one in FORMATS.items() if one.is_feed and name != "newsml"]


def rendered(name: str, **other: Any) -> bytes:
    return b"".join(FORMATS[name].render(replace(feed(), **other)))


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Path, bytes]:
    """Of a wire with every profile of rights and every sort of report: the expected files, and what they should be."""
    folder = tmp_path_factory.mktemp("profiles")
    with stored(folder) as (store, config):
        return dict((*make_expected.rendered(store, config), *make_expected.pages(store, config, folder / "site")))


def test_every_format_is_as_expected(expected: Mapping[Path, bytes]) -> None:
    """After a change that is meant: python -m tests.make_expected."""
    for path, said in expected.items():
        assert path.read_bytes().decode() == said.decode(), path.name
    there = {path for path in make_expected.EXPECTED.rglob("*") if path.is_file()}
    assert there == set(expected)


def test_every_profile_of_rights_has_a_report_in_the_expected_files(expected: Mapping[Path, bytes]) -> None:
    lines = expected[make_expected.expected("jsonl")].decode().splitlines()
    assert {json.loads(line)["publisher"] for line in lines} == set(PROFILES)


@pytest.mark.parametrize("text", DEFAULT_DISCLAIMERS)
def test_every_text_of_the_wire_is_shown_where_it_belongs(expected: Mapping[Path, bytes], text: str) -> None:
    """Notices in what says that a report has left, all others beside reports in every format."""
    parts = [part for part in re.split(r"{\w+}", DEFAULT_DISCLAIMERS[text]) if part]
    pattern = ".+?".join(map(re.escape, parts))
    shown = {name for name in FORMATS if re.search(pattern, _plain(name, expected[make_expected.expected(name)]))}
    if text in ("withheld", "withdrawn", "legal", "gone"):
        assert "atom" in shown
        assert shown.isdisjoint({"csv", "jsonl", "rss"})
    else:
        assert shown >= set(FORMATS) - ({"csv"} if text == "image" else set()), "of pictures CSV says nothing"


@cache
def _plain(name: str, said: bytes) -> str:
    """A document without the escapes of JSON and of HTML, twice."""
    return html.unescape(html.unescape(_without_json(name, said)))


def _without_json(name: str, said: bytes) -> str:
    if name == "csv":
        return " ".join(cell for row in csv.reader(io.StringIO(said.decode())) for cell in row)
    if name not in ("jsonfeed", "ninjs", "jsonl"):
        return said.decode()
    text = said.decode()
    return json.dumps(json.loads(text if name != "jsonl" else f"[{','.join(text.splitlines())}]"), ensure_ascii=False)


def test_no_output_knows_of_anything_but_what_the_gate_let_out() -> None:
    nouns = {name for name, value in vars(article).items() if getattr(value, "__module__", "") == article.__name__}
    assert {"Article", "Report"} <= nouns
    for file in sorted((ROOT / "aggregator" / "output").glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom):
                assert not {each.name for each in node.names} & nouns, file.name
                assert not str(node.module).startswith("aggregator.store"), file.name


@every_row("name", FORMATS)
def test_no_report_leaves_without_what_must_stand_beside_it(name: str) -> None:
    for release in released():
        said = rendered(name, releases=(release,), gone=())
        text = said.decode()
        if name in ("jsonfeed", "ninjs", "jsonl"):
            text = " ".join(map(str, json.loads(text if name != "jsonl" else f"[{text}]"))) + text
        plain = re.sub(r"&(amp;)?(lt|gt|amp|quot|#x27|#39);", "", text)
        for needed in (
            release.publisher_name,
            release.publisher_place,
            release.item_class.split("_")[0],
            release.credit,
            release.copyright_notice or "",
            release.licence_url or "",
            release.url or release.homepage,
            release.complaints_url,
            *release.disclaimers,
            *release.usage_terms.split(" "),
        ):
            assert re.sub("[<>&\"']", "", needed) in re.sub("[<>&\"']", "", plain), (name, needed)


@every_row("name", FORMATS)
def test_nothing_to_say_is_a_whole_document(name: str) -> None:
    said = rendered(name, releases=(), gone=())
    if FORMATS[name].media_type.endswith("+xml"):
        etree.fromstring(said)
    elif name in ("jsonfeed", "ninjs"):
        json.loads(said)
    else:
        assert said.decode().splitlines() == ([",".join(NAMES)] if name == "csv" else [])


@pytest.mark.parametrize("name", FEEDS)
def test_a_reader_of_feeds_sees_every_report_and_its_publisher(name: str) -> None:
    if name == "jsonfeed":
        items = json.loads(rendered(name))["items"]
        assert [each["_wire"]["publisher"]["name"] for each in items] == [each.publisher_name for each in released()]
        return
    read = feedparser.parse(rendered(name))
    assert not read.bozo
    assert len(read.entries) == len(released())
    for entry, release in zip(read.entries, released(), strict=True):
        assert entry.source.title.startswith(release.publisher_name)
        assert entry.link == (release.url or release.homepage)
        assert release.credit in entry.content[0].value
        assert entry.title == (release.headline or entry.title)


def test_atom_puts_tombstones_before_entries_and_their_links_before_the_source() -> None:
    top = ElementTree.fromstring(rendered("atom"))
    tags = [each.tag for each in top]
    assert tags.index(f"{DELETED}deleted-entry") < tags.index(f"{ATOM}entry")
    for entry in top.iter(f"{ATOM}entry"):
        inner = [each.tag for each in entry]
        last_link = max(place for place, tag in enumerate(inner) if tag == f"{ATOM}link")
        assert last_link < inner.index(f"{ATOM}source")
        for needed in ("id", "title", "updated", "author", "rights", "source"):
            assert entry.find(f"{ATOM}{needed}") is not None
    updated = [each.findtext(f"{ATOM}updated") for each in top.iter(f"{ATOM}entry")]
    assert len(set(updated)) == len(updated)  # two reports of one second can be told apart


def test_pages_of_a_feed_are_linked() -> None:
    pages = {
        "first": "https://b.example/1",
        "older": "https://b.example/3",
        "newer": "https://b.example/2",
        "hub": "https://h.example/",
    }
    for name in ("atom", "rss"):
        top = ElementTree.fromstring(rendered(name, **pages))
        links = {each.get("rel"): each.get("href") for each in top.iter(f"{ATOM}link") if each.get("rel") != "via"}
        wanted = {"first": pages["first"], "next": pages["older"], "previous": pages["newer"], "hub": pages["hub"]}
        assert wanted.items() <= links.items()
    assert json.loads(rendered("jsonfeed", **pages))["next_url"] == pages["older"]


def test_rss_shows_the_credit_first() -> None:
    for item, release in zip(ElementTree.fromstring(rendered("rss")).iter("item"), released(), strict=True):
        said = item.findtext("description") or ""
        assert said.startswith(f"<p><strong>{release.publisher_name}")
        assert item.find("source").get("url") == release.homepage  # type: ignore[union-attr]


def test_csv_and_json_lines_have_the_same_names_and_rows() -> None:
    rows = list(csv.DictReader(io.StringIO(rendered("csv").decode())))
    lines = [json.loads(line) for line in rendered("jsonl").decode().splitlines()]
    assert [row["id"] for row in rows] == [line["id"] for line in lines] == [each.id for each in released()]
    for row, line in zip(rows, lines, strict=True):
        assert list(row) == list(NAMES) == [name for name in line if name != "pictures"]
    assert all(what for _, what in FIELDS)


def test_ninjs_says_what_left() -> None:
    items = json.loads(rendered("ninjs"))
    assert [each["pubStatus"] for each in items] == ["usable"] * len(released()) + ["canceled"]


@pytest.mark.skipif(not SCHEMAS.exists(), reason="the schema of IPTC is not here")
def test_newsml_is_valid_by_its_schema() -> None:
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "NewsML-G2_2.35.xsd"))
    schema.assertValid(etree.fromstring(rendered("newsml")))


# Of ninjs 3.1 (https://iptc.org/std/ninjs/3.1/): the names that an item, and each of what it lists, may have. It is
# closed: a name that is not here makes a document that others refuse.
_TEXT = {"role", "contentType", "value"}
_NAMED = {"name", "rel", "uri", "literal"}
_NINJS = {
    "headlines": _TEXT,
    "descriptions": _TEXT,
    "bodies": _TEXT | {"charCount", "wordCount"},
    "infoSources": {"name", "role", "uri", "literal", "contactInfo"},
    "contactInfo": {"type", "role", "lang", "name", "value", "address"},
    "altIds": {"role", "value"},
    "subjects": _NAMED | {"creator", "relevance", "confidence"},
    "places": _NAMED | {"contactInfo", "geoJSON"},
    "genres": {"name", "uri", "literal"},
    "renditions": {"name", "href", "contentType", "title", "width", "height", "sizeInBytes", "duration", "format"},
    "standard": {"name", "version", "schema"},
    "rightsInfo": {"langId", "linkedRights", "encodedRights"},
}
_NINJS_ITEM = {
    "uri", "type", "representationType", "profile", "version", "firstCreated", "versionCreated", "contentCreated",
    "embargoedUntil", "pubStatus", "urgency", "copyrightHolder", "copyrightNotice", "usageTerms", "edNote", "language",
    "title", "by", "slugline", "located", "associations", "expires", "name", "rel", *_NINJS,
} - {"contactInfo"}  # fmt: skip


def assert_ninjs(item: dict[str, Any]) -> None:
    """By the rules of the format, without its schema."""
    assert isinstance(item["uri"], str)
    assert re.match(r"[a-z][a-z0-9+.-]*:\S+$", item["uri"])
    assert set(item) <= _NINJS_ITEM
    assert item.get("pubStatus", "usable") in ("usable", "withheld", "canceled")
    assert item.get("representationType", "full") in ("full", "partial")
    for name in ("firstCreated", "versionCreated", "contentCreated"):
        assert item.get(name) is None or datetime.fromisoformat(item[name]).tzinfo is not None
    for name, value in item.items():
        for each in value if isinstance(value, list) else [value]:
            if name == "associations":
                assert_ninjs(each)
            elif isinstance(each, dict):
                assert set(each) <= _NINJS[name], name
                assert name not in ("headlines", "descriptions", "bodies", "renditions") or each.keys() & {
                    "value",
                    "name",
                }
                for contact in each.get("contactInfo", ()):
                    assert set(contact) <= _NINJS["contactInfo"]
            else:
                assert isinstance(each, str), name


def test_ninjs_keeps_the_rules_of_the_format() -> None:
    for each in json.loads(rendered("ninjs")):
        assert_ninjs(each)
    for wrong in ({"colour": "red"}, {"pubStatus": "gone"}, {"headlines": [{"text": "x"}]}, {"uri": "no address"}):
        with pytest.raises(AssertionError):
            assert_ninjs({**each, **wrong})


@pytest.mark.skipif(not SCHEMAS.exists(), reason="the schema of IPTC is not here")
def test_ninjs_is_valid_by_its_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    referencing = pytest.importorskip("referencing")
    geography = referencing.Resource.from_contents(json.loads(Path(SCHEMAS / "GeoJSON-schema.json").read_text()))
    registry = referencing.Registry().with_resources([("https://geojson.org/schema/GeoJSON.json", geography)])
    schema = json.loads((SCHEMAS / "ninjs-3.1.json").read_text())
    for each in json.loads(rendered("ninjs")):
        jsonschema.Draft202012Validator(schema, registry=registry).validate(each)
