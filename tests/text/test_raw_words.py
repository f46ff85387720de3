"""raw_words: what an entry said is written and read in one place, and comes back as it was."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.model import Category, Entry, Link, Media, Origin, Person, Place, Text
from aggregator.text import raw_words
from aggregator.text.raw_words import LONGEST_ID, as_text, decode, encode, entry_of, values, without_words
from tests import ROOT
from tests.rows import every_row

PACKAGE = ROOT / "aggregator"

FULL = Entry(
    id="tag:daily.example,2026:1",
    title=Text("Le pont &amp; la rivière"),
    summary=Text("Un résumé", "text/plain"),
    content=(Text("<p>Un</p>"), Text("<div>Deux</div>", "application/xhtml+xml")),
    links=(Link("http://daily.example/1"), Link("http://daily.example/1.mp3", "enclosure", "audio/mpeg", 0)),
    authors=(Person("Awa"), Person(email="desk@daily.example")),
    categories=(Category("Économie"), Category("كهرباء"), Category("04", "urn:x", "Economy")),
    published="Sun, 22 Nov 2026 09:00:00 GMT",
    updated="2026-11-22T10:00:00Z",
    rights="© Daily",
    language="fr",
    contributors=(Person("Ben"),),
    media=(
        Media("http://daily.example/1.jpg", medium="image", width=640, caption=Text("Le pont"), credit="Awa / Daily"),
        Media("http://daily.example/1.mp3", type="audio/mpeg", length=0),
    ),
    origin=Origin(name="River Post", feed="http://river.example/feed", publisher="River Press"),
    places=(Place("-1.3 36.8", name="Nairobi"),),
    base="http://daily.example/",
)
BROKEN = Entry(id="1", title=Text("half a \ud83d smile"))


@every_row("entry", [FULL, BROKEN, Entry(), Entry(title=Text(""))], ids=["full", "broken", "none", "empty"])
def test_what_was_said_comes_back(entry: Entry) -> None:
    assert decode(encode(entry)) == entry
    assert entry_of(values(encode(entry))) == entry


def test_the_form_that_databases_hold() -> None:
    """Its digest is stored, by which an entry that says the same again is passed over."""
    assert (
        encode(
            Entry(
                id=FULL.id,
                title=FULL.title,
                summary=FULL.summary,
                links=FULL.links[:1],
                authors=FULL.authors[:1],
                published=FULL.published,
                updated=FULL.updated,
                rights=FULL.rights,
                language=FULL.language,
            )
        )
        == (
            '{"id":"tag:daily.example,2026:1","title":{"value":"Le pont &amp; la rivière","type":"text/html"},'
            '"summary":{"value":"Un résumé","type":"text/plain"},'
            '"links":[{"href":"http://daily.example/1","rel":"alternate"}],"authors":[{"name":"Awa"}],'
            '"published":"Sun, 22 Nov 2026 09:00:00 GMT","updated":"2026-11-22T10:00:00Z","rights":"© Daily",'
            '"language":"fr"}'
        ).encode()
    )
    assert encode(Entry()) == b"{}"
    categories = encode(Entry(categories=(Category("Mali"), Category("04", label="Economy"))))
    assert categories == b'{"categories":["Mali",{"term":"04","label":"Economy"}]}'


def test_as_text_only_a_lone_surrogate_is_another() -> None:
    assert decode(as_text(encode(FULL))) == FULL
    assert decode(as_text(encode(BROKEN))).title == Text("half a \ufffd\ufffd\ufffd smile")


@every_row("raw", [b"", b"{", b"[1]", b'{"title": "\xff"}'])
def test_damaged_words_are_an_error(raw: bytes) -> None:
    with pytest.raises(ValueError):
        decode(raw)


def test_without_its_words_an_entry_has_its_headline_and_no_id_that_is_a_text() -> None:
    assert without_words(FULL) == replace(FULL, summary=None, content=(), media=())
    assert without_words(replace(FULL, id="x" * LONGEST_ID)).id == "x" * LONGEST_ID
    assert without_words(replace(FULL, id="x" * (LONGEST_ID + 1))).id is None


_MAY_BE = re.compile(r"\bloads\(|\b(Text|Link|Person|Entry)\((?=[^)]*\*\*)")


def test_raw_words_are_read_in_one_place() -> None:
    """Elsewhere nothing makes the parts of an entry of what JSON said, and no JSON of raw words is read."""
    # Parsers make entries of documents. Migrations are never edited; one of them is older than the module.
    others = ("parse", "schema", Path(raw_words.__file__).name)
    files = [file for file in PACKAGE.rglob("*.py") if not set(others) & set(file.parts)]
    found = [
        f"{file.relative_to(PACKAGE)}:{node.lineno}"
        for file in files
        if _MAY_BE.search(text := file.read_text())  # to parse all files takes a second
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and (_makes_a_part(node) or _reads_raw_words(node))
    ]
    assert found == []


def _makes_a_part(call: ast.Call) -> bool:
    """`Text(**said)` and its like."""
    of = ast.unparse(call.func).rpartition(".")[2]
    return of in ("Text", "Link", "Person", "Entry") and any(keyword.arg is None for keyword in call.keywords)


def _reads_raw_words(call: ast.Call) -> bool:
    """`json.loads(raw.decode())` and its like, by the names that raw words go by."""
    if ast.unparse(call.func) not in ("json.loads", "loads"):
        return False
    named = {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    named |= {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
    named |= {str(node.value) for node in ast.walk(call) if isinstance(node, ast.Constant)}
    return bool(named & {"raw", "said", "words", "raw_words", "entry"})
