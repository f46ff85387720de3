"""`merges --suspect` prints the commands that undo what it lists, and `split` carries them out."""

from __future__ import annotations

import json
from pathlib import Path

from aggregator.desk.terms import sync
from aggregator.store import Store
from tests import hostile
from tests.conftest import NOW, WIRE, make_publisher
from tests.desk.test_suspects import overwritten


def test_the_commands_list_and_mend(tmp_path: Path) -> None:
    publisher = make_publisher()
    database = tmp_path / "wire.db"
    with Store.open(database) as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        public_id = overwritten(store, publisher)
    listing = hostile.run("--db", database, "merges", "--suspect")
    assert listing.code == 0
    assert f"   aggregator split {public_id} 3" in listing.out
    as_json = json.loads(hostile.run("--db", database, "merges", "--suspect", "--json").out)
    assert [row["command"] for row in as_json] == [f"aggregator split {public_id} {n}" for n in (3, 2)]
    for row in as_json:
        assert hostile.run("--db", database, *row["command"].split()[1:]).code == 0
    assert "Nothing looks wrong" in hostile.run("--db", database, "merges", "--suspect").out
    again = hostile.run("--db", database, "split", public_id, "2")
    assert (again.code, "is an article already" in again.err) == (1, True)
    assert hostile.run("--db", database, "split", public_id).code == 2
    missing = hostile.run("--db", database, "split", public_id, "99")
    assert (missing.code, "has no version 99" in missing.err) == (1, True)
