"""`aggregator rights`: the sheet is what the gate does, and counts what left. docs/rights.md keeps its word."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import fields, replace

from aggregator.model import Channel, Images, Rights
from aggregator.model.picture import PictureCopy, PictureSize
from aggregator.model.publisher import AiUse, ImageScope, TextScope
from aggregator.model.release import Outlet, Refusal, RefusalReason
from aggregator.output.columns import fitted
from aggregator.rights import Decision, sheet
from aggregator.rights.release import what_may_leave
from aggregator.store import Store
from tests import ROOT
from tests.conftest import examples, keep_house
from tests.databases import in_force
from tests.hostile import Ran, run
from tests.make_database import CONFIG
from tests.releases import NOW, held
from tests.web.serving import served

DOC = (ROOT / "docs" / "rights.md").read_text()


def table(name: str) -> list[str]:
    """The first column of a table of the page."""
    (block,) = re.findall(rf"<!-- {name}: .*?-->\n\|.*?\n\|.*?\n((?:\|.*\n)+)", DOC)
    return re.findall(r"^\| `(\w+)` ", block, re.MULTILINE)


def test_the_page_has_the_fields_of_a_decision_and_every_reason() -> None:
    assert set(table("decision")) == {field.name for field in fields(Decision)}
    (line,) = re.findall(r"^\| `reason` .*", DOC, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", line)) - {"reason"} == {*get_args(RefusalReason)}


RIGHTS = st.builds(
    Rights,
    relationship=st.just("partner"),
    basis=st.just("agreement"),
    text_scope=st.sampled_from(get_args(TextScope)),
    credit=st.just("{publisher}"),
    copyright_holder=st.just("Daily Ltd"),
    systematic_republication=st.sampled_from(("yes", "no")),
    images=st.builds(Images, scope=st.sampled_from(get_args(ImageScope)), hotlink=st.booleans()),
    storage=st.sampled_from(("keep", "metadata_only")),
    redistribute=st.lists(st.sampled_from(get_args(Channel)), unique=True).map(tuple),
    ai_use=st.sampled_from(get_args(AiUse)),
    expires=st.sampled_from((None, date(2026, 11, 28), date(2026, 11, 29))),
)


@given(RIGHTS)
@settings(max_examples=examples(200), deadline=None)
def test_the_sheet_says_what_the_gate_does(rights: Rights) -> None:
    said, report = sheet(rights, NOW.date()), held(rights=rights)
    copy = PictureCopy(digest="ab" * 32, sizes=(PictureSize(width=800, height=600),))
    report, shown = replace(report, copies={media.url: copy for media in report.media}), 0
    for channel in get_args(Channel):
        found = what_may_leave(report, Outlet(channel=channel, now=NOW))
        assert getattr(said, channel) == ("none" if isinstance(found, Refusal) else found[0])
        shown += 0 if isinstance(found, Refusal) else len(found[1])
    assert (said.pictures == "none") is (shown == 0)
    assert said.agreement_has_ended is (rights.expires == date(2026, 11, 28))


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("sheet") / "wire.db"
    database.write_bytes(in_force("0.4.0"))
    return database


def said(wire: Path, *arguments: str) -> Ran:
    return run("--config", CONFIG, "--db", wire, *arguments)


def test_the_sheet_has_every_publisher_in_every_form(wire: Path) -> None:
    rows = json.loads(said(wire, "rights", "--json").out)
    assert list(rows[0]) == table("sheet")
    assert {row["publisher"] for row in rows if row["has_file"]} == {
        row["publisher"] for row in json.loads(said(wire, "publishers", "--json").out)
    }
    for_people = said(wire, "rights").out.splitlines()
    assert all(fitted(each, 80).rstrip() == each for each in for_people)
    assert len(for_people) == 2 + 3 * len(rows) + 4
    (header, *lines) = csv.reader(io.StringIO(said(wire, "rights", "--csv").out))
    assert header == table("sheet")
    assert [each[0] for each in lines] == [row["publisher"] for row in rows]
    kenyan = json.loads(said(wire, "rights", "--json", "--country", "Kenya").out)
    assert [row["publisher"] for row in kenyan] == [row["publisher"] for row in rows if row["country"] == "KE"]
    ngos = json.loads(said(wire, "rights", "--json", "--kind", "ngo", "--group", "institution").out)
    assert ngos == [row for row in rows if row["kind"] == "ngo"]
    assert said(wire, "rights", "--publisher", "nobody").code == 2
    assert json.loads(said(wire, "rights", "--json", "--publisher", rows[0]["name"]).out) == rows[:1]


def test_what_an_export_wrote_is_counted_by_publisher_and_channel(wire: Path) -> None:
    def left(channel: str) -> dict[str, int]:
        rows = json.loads(said(wire, "rights", "--json").out)
        return {row["publisher"]: row[f"left_{channel}"] for row in rows if row[f"left_{channel}"]}

    before = left("api")
    written = Counter(json.loads(each)["publisher"] for each in said(wire, "export", "jsonl").out.splitlines())
    said(wire, "export", "atom", "--limit", "2")
    assert written
    assert left("api") == Counter(before) + written
    assert sum(left("feed").values()) == 2
    site = wire.parent / "site"
    atom = sum(left("feed").values())
    assert said(wire, "export", "static").code == said(wire, "export", "static", "--channel", "api").code == 2
    assert said(wire, "export", "static", "--out", site).code == 0
    pages = [path for path in (site / "report").iterdir() if '"NewsArticle"' in path.read_text()]
    assert sum(left("web").values()) == len(pages) > 0
    assert sum(left("feed").values()) == atom + (site / "latest.atom").read_text().count("<entry")
    (site.parent / "other").mkdir()
    (site.parent / "other" / "letter.txt").write_text("mine")
    assert said(wire, "export", "static", "--out", site.parent / "other").code == 2
    wire.chmod(0o444)
    try:
        assert said(wire, "export", "jsonl").code == 0
    finally:
        wire.chmod(0o644)


def test_old_counts_are_deleted(tmp_path: Path) -> None:
    with Store.open(tmp_path / "wire.db") as store:
        for days in (0, 400, 401):
            store.count_released((NOW - timedelta(days=days)).date(), {("daily", "web"): 1})
        store.count_released(NOW.date(), {("daily", "web"): 2, ("daily", "api"): 5})
        keep_house(store, NOW)
        ever, today = store.released_since(date(2020, 1, 1)), store.released_since(NOW.date())
    assert ever == {("daily", "web"): 4, ("daily", "api"): 5}
    assert today == {("daily", "web"): 3, ("daily", "api"): 5}


def test_the_server_counts_what_it_sends(tmp_path: Path) -> None:
    with served(tmp_path) as wire:
        Store.open(wire.paths.database()).close()
        first = wire.get("/feeds/latest.json")
        assert wire.get("/feeds/latest.json", If_None_Match=first.headers["etag"]).status_code == 304
        wire.get("/feeds/latest.json")
        wire.get("/feeds/latest.atom?before=nothing")
        items = Counter(item["_wire"]["publisher"]["key"] for item in first.json()["items"])
        day = wire.now[0].date()
    assert items
    with Store.read(tmp_path / "wire.db") as store:  # it wrote them when it stopped
        found = store.released_since(day)
    assert found == {(publisher, "feed"): 2 * number for publisher, number in items.items()}
