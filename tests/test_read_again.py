"""Documents that an older version read say nothing new to this one, though more of them is read."""

from __future__ import annotations

import gzip
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.store import Store
from tests.make_read_database import READ, poll, unpacked

VERSIONS = sorted(path.name.removesuffix(".db.gz") for path in READ.glob("*.db.gz"))
LATER = timedelta(minutes=10)


def test_the_version_before_has_its_documents() -> None:
    assert "0.2.0" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_documents_after_an_upgrade_bring_no_line_into_the_ledger(version: str, tmp_path: Path) -> None:
    path = tmp_path / "wire.db"
    path.write_bytes(gzip.decompress((READ / f"{version}.db.gz").read_bytes()))
    served = unpacked((READ / f"{version}.json.gz").read_bytes())
    with Store.open(path) as store:
        before = store.changes()
        assert len(served) > 100
        assert len(before) > len(served)

        first = poll(store, served, LATER)
        said = {"new": 0, "revised": 0, "pending": 0}
        assert [
            (each.source.publisher, found)
            for each in first
            if (found := Counter(new=each.new, revised=each.revised, pending=each.pending)) != Counter(said)
        ] == []
        assert {each.outcome for each in first} == {"ok"}, "each was read whole, and not answered by 304"
        assert store.changes() == before
        _, held = store.query(
            "SELECT publisher, count(*) FROM media JOIN articles USING (article_id) GROUP BY publisher"
        )
        assert dict(held)
        _, unknown = store.query("SELECT count(*) FROM sightings WHERE media_hash IS NULL")
        assert list(unknown) == [(0,)]

        again = poll(store, served, 2 * LATER)
        assert sum(each.new + each.revised for each in again) == 0
        assert store.changes() == before
