"""Lists of a channel have what they have without one, less what publishers keep from it, whatever else is chosen."""

from __future__ import annotations

import gzip
import sqlite3
from pathlib import Path

import pytest

from aggregator.model import Selection
from aggregator.store import Store
from tests.make_database import DATABASES

OTHERS = (
    Selection(),
    Selection(topics=("04000000", "15000000")),
    Selection(about=("GH", "CM", "FJ")),
    Selection(item_classes=("press_release", "opinion")),
    Selection(languages=("sw", "ar")),
    Selection(countries=("GH", "KE")),
    Selection(groups=("institution",)),
    Selection(publishers=("kumasi-nettle", "nawras")),
)


@pytest.mark.parametrize("keep", ["no publisher", "one publisher", "all publishers but one", "every publisher"])
def test_a_list_of_a_channel_lacks_what_is_kept_from_it_alone(tmp_path: Path, keep: str) -> None:
    database = tmp_path / "wire.db"
    database.write_bytes(gzip.decompress((DATABASES / "0.8.0.db.gz").read_bytes()))
    with Store.open(database) as store:
        keys = sorted(store.known_publishers())
    closed = {
        "no publisher": [],
        "one publisher": ["kumasi-nettle"],
        "all publishers but one": [key for key in keys if key != "kumasi-nettle"],
        "every publisher": keys,
    }[keep]
    _open_email_but_for(database, closed)
    with Store.read(database) as store:
        seen = 0
        for other in OTHERS:
            whole = [each.id for each in store.reports(other) if "email" in each.channels]
            by_email = Selection(
                publishers=other.publishers, countries=other.countries, groups=other.groups, topics=other.topics,
                languages=other.languages, item_classes=other.item_classes, about=other.about, channel="email",
            )  # fmt: skip
            assert [each.id for each in store.reports(by_email)] == whole, (keep, other)
            assert store.count(by_email) == len(whole), (keep, other)
            seen += len(whole)
        assert (seen > 0) == (keep != "every publisher")


def _open_email_but_for(database: Path, closed: list[str]) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE terms SET channels = replace(channels, ' email', '')")
        marks = ", ".join("?" * len(closed))
        connection.execute(f"UPDATE terms SET channels = channels || ' email' WHERE publisher NOT IN ({marks})", closed)  # noqa: S608
    connection.close()
