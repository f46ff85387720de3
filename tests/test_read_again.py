"""Documents that an older version read say nothing new to this one, though more of them is read."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.store import Store
from tests.conftest import SOAK
from tests.databases import by_number
from tests.make_read_database import READ, Served, poll, unpacked
from tests.rows import every_row

VERSIONS = by_number(path.name.removesuffix(".db.gz") for path in READ.glob("*.db.gz"))
PASSED_OVER = READ / "passed_over"
LATER = timedelta(minutes=10)
# Of reports that are still listed, and that the older version read without them.
MEDIA = {
    "feed-pictures": {"http://img.example/bac-640x360.jpg", "http://img.example/walimu.jpg"},
    "jsonfeed-pictures": {"http://img.example/jisr.jpg", "http://img.example/nashra.mp3"},
    "wordpress-pictures": {"http://img.example/pao.jpg"},
    "sitemap-pictures": {"http://img.example/crane.jpg"},
}


def test_the_version_before_has_its_documents() -> None:
    assert "0.2.0" in VERSIONS


@pytest.mark.soak
@every_row("version", VERSIONS if SOAK else VERSIONS[:1])
def test_the_same_documents_after_an_upgrade_bring_no_line_into_the_ledger(version: str, tmp_path: Path) -> None:
    served = unpacked((READ / f"{version}.json.gz").read_bytes())
    # 0.2.0: of which the upgrade itself asks for everything
    with upgraded(READ / f"{version}.db.gz", tmp_path, forgets=version != "0.2.0") as store:
        before = store.changes()
        assert len(served) > 100
        assert len(before) > len(served)

        first = poll(store, served, LATER)
        assert [each.source.name for each in first if each.new or each.revised or each.pending] == []
        assert {each.outcome for each in first} == {"ok"}, "each was read whole; none was answered by 304"
        assert store.changes() == before
        assert MEDIA.items() <= media(store).items()
        assert not {one.name for one in served if one.publisher.rights.storage == "metadata_only"} & media(store).keys()

        again = poll(store, served, 2 * LATER)
        assert sum(each.new + each.revised for each in again) == 0
        assert store.changes() == before


def test_words_that_an_older_version_passed_over_come_with_the_next_version_of_their_report(tmp_path: Path) -> None:
    """Made by 0.10.0 of `fixtures/feed/media-text-over-items.xml`, of which it read no `media:text`."""
    served = unpacked((PASSED_OVER / "0.10.0.json.gz").read_bytes())
    with upgraded(PASSED_OVER / "0.10.0.db.gz", tmp_path, forgets=True) as store:
        before = store.changes()
        listed = poll(store, served, LATER)
        assert [(each.outcome, each.new, each.revised, each.pending) for each in listed] == [("ok", 0, 0, 0)] * 3
        assert store.changes() == before
        assert not any(map(texts(store, "feed-texts-a").count, ("Les premiers camions", "Daraja limefunguliwa")))

        first = [Served(one.name, one.kind, one.body.replace(b"Trois mois", b"Trois longs mois")) for one in served]
        assert [each.revised for each in poll(store, first, 2 * LATER)] == [1, 1, 1]
        for publisher in ("feed-texts-a", "feed-texts-b"):
            assert "Les premiers camions ont passé" in texts(store, publisher)
            assert "Daraja limefunguliwa" not in texts(store, publisher)
        assert "camions" not in texts(store, "feed-texts-c"), "it lets nobody keep words"

        # A caption, the words themselves, and a headline beside them.
        edits = (
            (b"\xd8\xb5\xd8\xa8\xd8\xa7\xd8\xad", b"\xd9\x85\xd8\xb3\xd8\xa7\xd8\xa1"),
            (b"limefunguliwa", b"limefungwa"),
        )
        for polls, (said, now_said) in enumerate(edits, 3):
            first = [Served(one.name, one.kind, one.body.replace(said, now_said)) for one in first]
            assert [each.revised for each in poll(store, first, polls * LATER)] == [1, 1, 1]
        assert "Daraja limefungwa leo" in texts(store, "feed-texts-a")


@contextmanager
def upgraded(packed: Path, folder: Path, forgets: bool) -> Iterator[Store]:
    """The store of an older version, opened by this one. `forgets`: that its documents are known."""
    path = folder / "wire.db"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    with Store.open(path) as store:
        if forgets:
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("UPDATE sources SET etag = NULL, last_modified = NULL, body_hash = NULL")
        yield store


def texts(store: Store, publisher: str) -> str:
    _, rows = store.query(
        "SELECT b.text FROM bodies AS b JOIN articles USING (article_id) WHERE publisher = :publisher",
        {"publisher": publisher},
    )
    return "\n".join(str(text) for (text,) in rows)


def media(store: Store) -> dict[str, set[str]]:
    """The addresses of media that stand beside words, by publisher."""
    _, rows = store.query(
        "SELECT publisher, json_group_array(m.url) FROM media AS m JOIN articles USING (article_id) GROUP BY 1"
    )
    return {str(publisher): set(json.loads(str(urls))) for publisher, urls in rows}
