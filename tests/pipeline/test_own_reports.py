"""The wire's own reports: what a manuscript may say, and that it becomes an article like any other."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Publisher, Rights, Selection, Source
from aggregator.model.errors import DeskError, ManuscriptError
from aggregator.pipeline.own_reports import Manuscript, publish, read
from aggregator.store import Store
from aggregator.text.query import parse
from tests import ROOT
from tests.conftest import NOW, WIRE, make_publisher
from tests.rows import every_row
from tests.store.test_store import rows

pytestmark = pytest.mark.stores("soak")

LATER = NOW + timedelta(hours=1)
CAUSE = Cause(actor="person:ama", reason="a reader's address stands in it", reference="T-17")
MANUSCRIPTS = ROOT / "tests" / "fixtures" / "manuscripts"
OWN = Rights(relationship="own", basis="own", text_scope="full_text", credit="{wire}", copyright_holder="Test Wire")


@pytest.fixture
def own(store: Store) -> Publisher:
    made = make_publisher("test-wire", OWN, name="Test Wire", kind="own", languages=("en", "sw"), sources=())
    sync(store, WIRE, [made], NOW, NOW.date())
    return made


@every_row("faulty", sorted(MANUSCRIPTS.glob("*.faults")), ids=lambda path: path.stem)
def test_every_fault_of_a_manuscript_is_named(faulty: Path) -> None:
    with pytest.raises(ManuscriptError) as caught:
        read(faulty.with_suffix(".md"), ("en", "sw"))
    assert str(caught.value).replace(f"{MANUSCRIPTS}/", "").splitlines() == faulty.read_text().splitlines()


def test_a_missing_manuscript_and_one_of_other_bytes_are_said(tmp_path: Path) -> None:
    (tmp_path / "latin.md").write_bytes(b'+++\ntitle = "x"\n+++\n\xe9t\xe9\n')
    with pytest.raises(ManuscriptError, match=r"latin\.md: line 4: found bytes that are not UTF-8, expected text"):
        read(tmp_path / "latin.md", ("en",))
    with pytest.raises(ManuscriptError, match="no readable file"):
        read(tmp_path / "none.md", ("en",))


def test_a_manuscript_is_an_article_of_the_wires_own_publisher(store: Store, own: Publisher) -> None:
    done = publish(store, own, read(MANUSCRIPTS / "water-bills.md", own.languages), NOW)
    report = store.report(done.id)
    assert report is not None
    assert (done.change, report.publisher_name, report.item_class) == ("new", "Test Wire", "own_report")
    assert report.disclaimer.startswith("Reported or commissioned by Test Wire.")
    assert (report.title, report.byline) == ("Nairobi water bills to rise", "Asha Odhiambo")
    assert (report.language, report.published) == ("en", "2026-11-22T10:00:00Z")
    assert report.text == (
        "NAIROBI — The city's water company says that bills rise in March.\n"
        "10 per cent for homes\n<script>alert(1)</script> nothing for kiosks"
    )
    assert "<script>" not in str(store.raw(done.id))  # in the HTML it is text
    assert rows(store, "SELECT categories FROM bodies") == [('["water", "cost of living", "KE"]',)]
    assert rows(store, "SELECT source_key, source_kind, enabled FROM sources WHERE publisher = 'test-wire'") == [
        ("own", "manuscript", 0)
    ]
    assert store.due(None) == [] or all(due.source.kind != "manuscript" for due in store.due(None))
    assert [one.id for one in store.search(parse("kiosks"), Selection())] == [done.id]


def test_language_class_and_slug_are_the_files_choice(store: Store, own: Publisher) -> None:
    manuscript = read(MANUSCRIPTS / "kura-pwani.md", own.languages)
    assert manuscript.slug == "kura-2026"
    report = store.report(publish(store, own, manuscript, NOW).id)
    assert report is not None
    assert (report.language, report.item_class) == ("sw", "analysis")
    assert report.text == "MOMBASA & KILIFI —\nAsubuhi\nVituo vya kura vimefunguliwa pwani."


def test_publishing_again_is_another_version_and_a_correction_if_it_says_so(store: Store, own: Publisher) -> None:
    first = read(MANUSCRIPTS / "water-bills.md", own.languages)
    done = publish(store, own, first, NOW)
    assert publish(store, own, first, LATER).change is None
    assert rows(store, "SELECT revision, updated FROM articles") == [(1, None)]
    second = replace(first, title="Water bills to rise in Nairobi and Thika")
    assert publish(store, own, second, LATER).change == "revised"
    third = replace(second, body=second.body + "<p>Correction: bills rise in May.</p>")
    assert publish(store, own, third, LATER + timedelta(hours=1)).change == "corrected"
    rewritten = Manuscript(slug=first.slug, title="Something else altogether", body="<p>Of other words.</p>")
    assert publish(store, own, rewritten, LATER + timedelta(hours=2)).id == done.id
    report = store.report(done.id)
    assert report is not None
    assert (report.published, report.updated) == ("2026-11-22T10:00:00Z", "2026-11-22T13:00:00Z")
    assert rows(store, "SELECT count(*) FROM articles") == [(1,)]
    assert [one["change_kind"] for one in store.revisions(done.id)] == ["new", "revised", "corrected", "revised"]


def test_reports_of_the_desk_that_begin_alike_stay_two(store: Store, own: Publisher) -> None:
    first = read(MANUSCRIPTS / "water-bills.md", own.languages)
    publish(store, own, first, NOW)
    other = replace(first, slug="water-bills-2", body=first.body + "<p>Of Thika.</p>")
    assert publish(store, own, other, LATER).change == "new"
    assert rows(store, "SELECT count(*) FROM articles") == [(2,)]


def test_what_was_out_of_the_wire_or_purged_does_not_return_by_being_published(store: Store, own: Publisher) -> None:
    first = read(MANUSCRIPTS / "water-bills.md", own.languages)
    done = publish(store, own, first, NOW)
    acts.withhold(store, done.id, CAUSE, NOW)
    assert publish(store, own, replace(first, title="Bills to rise, says company"), LATER).change == "revised"
    assert store.report(done.id) is None
    purge(store, chosen(store, [done.id], None, None), CAUSE, LATER)
    with pytest.raises(DeskError, match="was purged"):
        publish(store, own, first, LATER)


def test_a_configured_source_keeps_its_key(store: Store, own: Publisher) -> None:
    polled = replace(own, sources=(Source(publisher=own.key, key="own", url="https://wire.example/feed"),))
    sync(store, WIRE, [polled], NOW, NOW.date())
    with pytest.raises(DeskError, match="belongs to a feed"):
        publish(store, polled, read(MANUSCRIPTS / "water-bills.md", own.languages), NOW)
