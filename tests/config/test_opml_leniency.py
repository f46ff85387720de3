"""A list of feeds that a person edited by hand: what is readable is imported, and the rest is counted and named."""

from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path
from time import process_time

import pytest

from aggregator.config.opml import Listed, read
from aggregator.model.errors import OpmlError
from tests import ROOT, commands
from tests.conftest import SOAK
from tests.rows import every_row

FIRST = '<outline text="Habari" xmlUrl="https://habari.example/feed"/>'
LAST = '<outline text="Écho" xmlUrl="https://echo.example/feed"/>'


def listed(between: str, before: str = "", after: str = "</body></opml>") -> Listed:
    return read(f'{before}<opml version="2.0"><body>\n{FIRST}\n{between}\n{LAST}\n{after}'.encode())


def names(found: Listed) -> list[str]:
    return [outline.title for outline in found.outlines]


FEED = 'xmlUrl="https://tom.example/?a=1"'


@every_row(
    ("between", "read_as"),
    [
        (f'<outline text="Tom & Jerry" {FEED}/>', ["Tom & Jerry"]),
        (f'<outline text="L&rsquo;&eacute;t&eacute;" {FEED}/>', ["L’été"]),
        (f'<outline text="3 < 4" {FEED}/>', ["3 < 4"]),
        (f'<outline text="The <b>bold</b> one" {FEED}/>', ["The <b>bold</b> one"]),
        (f'<outline text="T" text="U" {FEED}/>', ["T"]),
        (f'<outline text="T"{FEED}/>', ["T"]),
        ("<outline text=T xmlUrl=https://tom.example/feed/>", ["T"]),
        (f'<outline text="T" checked {FEED}/>', ["T"]),
        (f'<outline text="T" {FEED}>', ["T"]),
        (f'<outline text="T" {FEED}/></outline>', ["T"]),
        (f'<outline text="Folder">\n<outline text="T" {FEED}/>', ["T"]),
        (f'<!-- --- Mali --- -->\n<outline text="T" {FEED}/>', ["T"]),
        (f'<!-- -- <outline text="No" {FEED}/> -- -->', []),
        (f'<outline text="T" {FEED}/></body></opml><opml><body>', ["T"]),
        (f'<my:note/><b>x<outline text="T" {FEED}/>', ["T"]),
    ],
)
def test_a_slip_that_can_be_put_right_costs_nothing_and_is_said(between: str, read_as: list[str]) -> None:
    found = listed(between)
    assert names(found) == ["Habari", *read_as, "Écho"]
    assert (found.unread, bool(found.remark)) == (0, True)


@pytest.mark.parametrize(
    "between",
    [
        '<outline text="Tom xmlUrl="https://tom.example/feed"/>',
        '<outline text="Tom" = xmlUrl="https://tom.example/feed"/>',
        '<outline text="Tom" xmlUrl="https://tom.example/feed"',
    ],
)
def test_an_outline_that_cannot_be_read_is_counted_and_named(between: str) -> None:
    found = listed(between)
    assert names(found) == ["Habari", "Écho"]
    assert found.unread == 1
    assert "outlines that could not be read: 1; the first begins '<outline text=\"Tom" in (found.remark or "")


@every_row(
    ("after", "unread"),
    [
        ("", 0),
        ("</body>", 0),
        ('<outline text="Cut" xmlUrl="https://cut.exa', 1),
        ('<outline text="Folder">\n<outline text="Cut" xm', 1),
        ("</b><outline ", 1),
    ],
)
def test_of_a_list_that_breaks_off_all_before_is_read(after: str, unread: int) -> None:
    found = listed("", after=after)
    assert names(found) == ["Habari", "Écho"]
    assert (found.unread, bool(found.remark)) == (unread, True)


def test_no_outline_lands_in_the_folder_of_another_behind_a_fault() -> None:
    found = listed(f'<outline text="ML"><b><outline text="T" {FEED}/></outline>', after="</opml>")
    assert [outline.categories for outline in found.outlines] == [(), ("ML",), ()]


def test_a_misspelt_attribute_does_not_make_a_feed_a_folder() -> None:
    found = listed('<outline text="T" xmlUlr="https://tom.example/feed"/>')
    assert [(outline.title, outline.url) for outline in found.outlines][1] == ("T", "")


@every_row("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@every_row("before", ["", '<?xml version="1.0" encoding="UTF-8"?>\n', "\n\n", "Notice: x in y\n"])
@every_row("is_packed", [False, True])
def test_a_list_is_read_in_whatever_encoding_it_was_saved(encoding: str, before: str, is_packed: bool) -> None:
    document = f"{before}<opml><body>{FIRST}{LAST}</body></opml>".encode(encoding)
    found = read(gzip.compress(document) if is_packed else document)
    assert names(found) == ["Habari", "Écho"]
    is_odd = before.startswith("Notice") or encoding == "cp1252"
    assert bool(found.remark) == is_odd


PART = 1 if SOAK else 3  # of the size and of the seconds
HOSTILE = {
    "quotes": '<outline text="A xmlUrl="b"/>' * (20_000 // PART),
    "tags that do not end": '<outline a="' * (50_000 // PART),
    "attributes": f"<outline {'a ' * (4_000 // PART)}'/>" * 100,
    "end tags": "</a>" * (200_000 // PART),
    "comments that do not end": "<!--" * (200_000 // PART),
    "sections that do not end": '<outline x=""/><![CDATA[ <!--' * (30_000 // PART),
    "long names": f"<{'a' * (30_000 // PART)}></x>" * 30,
    "angle brackets": "<" * (300_000 // PART),
}


@pytest.mark.soak
@every_row("name", HOSTILE)
def test_a_hostile_list_is_refused_soon(name: str) -> None:
    began = process_time()
    with pytest.raises(OpmlError, match="expected OPML"):
        read(f"<opml><body>{HOSTILE[name]}".encode())
    assert process_time() - began < 10.0 / PART


def test_import_adds_what_is_readable_and_says_what_was_left_out(tmp_path: Path) -> None:
    config = shutil.copytree(ROOT / "tests" / "fixtures" / "config" / "sound", tmp_path / "config")
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0"><body><outline text="ML">\n'
        '<outline text="Tom & Léa" xmlUrl="https://tom.example/feed"/>\n'
        '<outline text="Lost xmlUrl="https://lost.example/feed"/>\n'
        '<outline text="Écho" xmlUrl="https://echo.example/feed"/>\n'
    ).encode("cp1252")
    (tmp_path / "list.opml").write_bytes(document)
    command = [sys.executable, "-W", "error", "-m", "aggregator", "--config", str(config), "import", "--language", "fr"]
    done = commands.run([*command, str(tmp_path / "list.opml")], capture_output=True, text=True, timeout=60)
    assert "said to be utf-8, read as cp1252" in done.stderr
    assert "the first begins '<outline text=\"Lost xmlUrl=" in done.stderr
    assert done.stdout.splitlines() == [
        "added     publishers/ml/tom-lea.toml  Tom & Léa",
        "added     publishers/ml/echo.toml  Écho",
        "2 added, 0 left out, 1 that could not be read",
    ]
