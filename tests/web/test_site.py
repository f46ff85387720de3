"""The database of a wire that is served: as it is at each request, also where it is kept open between them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.model import Cause, Selection
from aggregator.pipeline import opening
from aggregator.pipeline.paths import Paths
from aggregator.web.site import Site
from tests import ROOT
from tests.conftest import AGREEMENT, NOW, make_entry, make_publisher, record
from tests.databases import connections
from tests.web import serving

DAY = timedelta(days=1)
BY_DESK = Cause(actor="person:amina", reason="a test")


@contextmanager
def served(folder: Path, now: list[datetime]) -> Iterator[Site]:
    """A wire with a publisher whose agreement is over tomorrow, and one that has none."""
    shutil.copytree(ROOT / "data" / "demo" / "config", folder / "config")
    paths = Paths(folder / "config", folder / "wire.db")
    ending = make_publisher("ends", rights=replace(AGREEMENT, expires=NOW.date()))
    other = make_publisher("stays")
    config = replace(opening.load_config(paths), publishers=(ending, other), digest=None)
    with opening.open_wire(paths, config, NOW) as store:
        record(store, ending, make_entry(1))
        record(store, other, make_entry(2))
    shutil.rmtree(folder / "config")  # so that the terms are those of the database
    yield Site(Paths(None, folder / "wire.db"), lambda: now[0])


def scopes(site: Site) -> list[str]:
    with site.kept_open() as (kept, now):
        found = [f"{each.publisher} {each.text_scope}" for each in kept.latest(Selection())]
        with opening.read_store(site.paths, now) as store:
            assert [f"{each.publisher} {each.text_scope}" for each in store.latest(Selection())] == found
    return sorted(found)


def test_what_is_kept_open_shows_what_holds_at_each_time(tmp_path: Path) -> None:
    now = [NOW]
    with served(tmp_path, now) as site:
        with_agreement = scopes(site)
        assert len(with_agreement) == 2
        now[0] = NOW + DAY
        ended = scopes(site)
        assert "ends excerpt" in ended
        assert ended != with_agreement
        now[0] = NOW  # a clock that was put right
        assert scopes(site) == with_agreement


def test_what_is_kept_open_shows_what_others_write(tmp_path: Path) -> None:
    with served(tmp_path, [NOW]) as site:
        before = scopes(site)
        with opening.open_existing(site.paths) as store:
            report = next(each for each in store.latest(Selection()) if each.publisher == "stays")
            acts.withhold(store, report.id, BY_DESK, NOW)
        assert scopes(site) == [each for each in before if not each.startswith("stays")]


def test_each_thread_keeps_one_and_whoever_asks_within_it_gets_another(tmp_path: Path) -> None:
    with served(tmp_path, [NOW]) as site:
        with site.kept_open() as (first, _), site.kept_open() as (within, _):
            assert within is not first
        with site.kept_open() as (again, _):
            assert again is first
        found = []

        def elsewhere() -> None:
            with site.kept_open() as (store, _):
                found.append(store)

        thread = Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert found[0] is not first


def test_none_is_kept_after_a_fault_or_of_another_file(tmp_path: Path) -> None:
    with served(tmp_path, [NOW]) as site:
        with pytest.raises(ZeroDivisionError), site.kept_open() as (first, _):
            _ = 1 // 0
        with site.kept_open() as (second, _):
            assert second is not first
        shutil.copy(tmp_path / "wire.db", tmp_path / "new.db")
        (tmp_path / "new.db").rename(tmp_path / "wire.db")
        with site.kept_open() as (third, _):
            assert third is not second


def test_whatever_is_asked_for_next_finds_the_database_open(tmp_path: Path) -> None:
    # None of these has a report, of which it is noted that it was given out.
    paths = ("/complain", "/robots.txt", "/metrics", "/api/publishers", "/healthz")
    with serving.served(tmp_path) as wire:
        numbers = []
        for _ in range(3):
            with connections() as opened:
                assert {wire.get(path).status_code for path in paths} == {200}
            numbers.append(len(opened))
            wire.now[0] += timedelta(minutes=5)  # so that the answer before is not given again
    assert numbers[0] > 1
    assert numbers[1:] == [1, 1]  # whether the wire is well is known by opening it
