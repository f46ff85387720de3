"""Documents that an older version read say nothing new to this one, though more of them is read."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.store import Store
from tests.conftest import SOAK
from tests.databases import by_number
from tests.make_read_database import READ, poll, unpacked
from tests.rows import every_row

VERSIONS = by_number(path.name.removesuffix(".db.gz") for path in READ.glob("*.db.gz"))
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
@every_row("version", VERSIONS if SOAK else (VERSIONS[0], VERSIONS[-1]))
def test_the_same_documents_after_an_upgrade_bring_no_line_into_the_ledger(version: str, tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    path.write_bytes(gzip.decompress((READ / f"{version}.db.gz").read_bytes()))
    served = unpacked((READ / f"{version}.json.gz").read_bytes())
    with Store.open(path) as store:
        if version != "0.2.0":  # of which the upgrade itself asks for everything
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("UPDATE sources SET etag = NULL, last_modified = NULL, body_hash = NULL")
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


def media(store: Store) -> dict[str, set[str]]:
    """The addresses of media that stand beside words, by publisher."""
    _, rows = store.query(
        "SELECT publisher, json_group_array(m.url) FROM media AS m JOIN articles USING (article_id) GROUP BY 1"
    )
    return {str(publisher): set(json.loads(str(urls))) for publisher, urls in rows}
