"""bench.elements counts what survives of the elements of feeds, and what does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.elements import Row, survey
from tests import ROOT
from tests.rows import every_row

FIXTURES = ROOT / "tests" / "fixtures" / "feed"
KEPT = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:a="http://www.w3.org/2005/Atom"><channel>
<dc:publisher>Of the channel</dc:publisher>
<item><guid>1</guid><dc:publisher> Ministério
 da Saúde </dc:publisher><enclosure url="/1.mp3" length="512" type="audio/mpeg"/></item>
<item><guid>2</guid><dc:publisher>Lost</dc:publisher><dc:publisher>Kept</dc:publisher>
<a:link href="https://a.example/2" length="12" title="Maji"/></item>
<item><guid>12</guid><description>&lt;p&gt;dc:publisher&lt;/p&gt;</description><dc:publisher/></item></channel></rss>"""


def test_an_entry_keeps_an_element_when_it_keeps_all_that_it_says() -> None:
    found = survey([("kept", KEPT.encode()), ("broken", b"<rss><channel><item><guid>1</guid></item>")])
    assert (found.entries, found.feeds, found.left_out) == (3, 1, ("broken",))
    assert found.rows["dc:publisher"] == Row(entries=2, feeds=1, kept=1)
    assert found.rows["length of link"] == Row(entries=2, feeds=1, kept=2)
    assert found.rows["enclosure"] == Row(entries=1, feeds=1, kept=1)
    assert "media:credit" not in found.rows


def test_a_number_survives_as_a_whole_alone() -> None:
    """Its digits stand in many an address."""
    body = KEPT.replace('length="12"', 'length="1.2"').replace("https://a.example/2", "https://a.example/1.2")
    assert survey([("lost", body.encode())]).rows["length of link"] == Row(entries=2, feeds=1, kept=1)


@every_row(
    ("fixture", "row", "entries", "lost"),
    [
        ("rss20-origins", "source of RSS", 7, 1),  # javascript: is no address
        ("atom10-origins", "source of Atom", 3, 1),  # mailto: is no page
        ("rss20-origins", "dc:publisher", 3, 1),  # two
        ("rss20-origins", "dc:source", 2, 0),
        ("rss10-contributors", "dc:contributor", 1, 0),
        ("rss10-contributors", "dc:rights", 2, 0),
        ("atom10-contributors", "contributor", 1, 0),
        ("rss20-places", "georss", 8, 2),  # no numbers; not on Earth
        ("rss20-places", "georss:featurename", 4, 0),
        ("rss20-places", "gml", 4, 1),  # metres
        ("rss20-places", "geo:lat, geo:long", 3, 1),  # a latitude alone
        ("rss20-categories", "domain of category", 1, 0),
        ("rss20-categories", "scheme of category", 2, 0),
        ("rss20-categories", "label of category", 2, 0),
        ("rss20-categories", "slash:section", 1, 0),
        ("media-text-over-items", "media:text", 5, 2),  # two languages; the summary once more
        ("media-text-over-items", "media:player", 1, 0),
        ("rss20-categories", "media:keywords", 1, 0),
        ("atom10-link-attributes", "length of link", 3, 1),  # 12 kB
        ("atom10-link-attributes", "hreflang of link", 2, 1),  # one link in two languages
        ("atom10-link-attributes", "title of link", 2, 1),
    ],
)
def test_our_own_fixtures(fixture: str, row: str, entries: int, lost: int) -> None:
    found = survey([(fixture, (FIXTURES / f"{fixture}.xml").read_bytes())])
    assert found.rows[row] == Row(entries, 1, entries - lost)


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "kept.xml").write_text(KEPT)
    command = [sys.executable, "-m", "bench.elements", str(tmp_path)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "| dc:publisher | 2 | 1 | 1 | 50 % |" in printed
    assert "3 entries of 1 feeds were compared, 0 feeds left out." in printed
    missing = subprocess.run([*command[:3], str(tmp_path / "none")], cwd=ROOT, capture_output=True, text=True)
    assert (missing.returncode, "is no folder" in missing.stderr) == (1, True)
