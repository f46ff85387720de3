"""Searches for people at the desk: one at a time, a bounded number, and never at private addresses."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from aggregator.demo import Press
from aggregator.model import Config
from aggregator.pipeline.opening import load_config
from aggregator.pipeline.paths import Paths
from aggregator.web.desk_pages.searching import NotSearched, Searches, address_of
from tests.cli.test_cli import make_config
from tests.conftest import NOW

SITE = "127.0.0.1"
PRIVATE = "http://10.0.0.1/"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_config(Paths(make_config(tmp_path / "config"), tmp_path / "wire.db"))


def test_one_site_is_searched_at_a_time(config: Config, tmp_path: Path) -> None:
    searches, database = Searches(), tmp_path / "wire.db"
    with Press(now=NOW) as press:
        press.misbehave(SITE, "/", "slow", seconds=0.5)
        first = threading.Thread(target=searches.survey, args=(config, database, f"{press.url}/", lambda: NOW))
        first.start()
        while not press.requests:  # until it is under way
            first.join(0.05)
        with pytest.raises(NotSearched, match="another site is being searched now"):
            searches.survey(config, database, PRIVATE, lambda: NOW)
        first.join(60)
    found = searches.survey(config, database, PRIVATE, lambda: NOW)  # then the next
    assert not found.feeds


def test_so_many_searches_come_back_with_time(config: Config, tmp_path: Path) -> None:
    searches, now = Searches(), [NOW]

    def search() -> str:
        try:
            survey = searches.survey(config, tmp_path / "wire.db", PRIVATE, lambda: now[0])
        except NotSearched as error:
            return str(error)
        return survey.tried[0].said

    refused = [search() for _ in range(11)]
    assert all("not a public address" in said for said in refused[:10])
    assert "too many sites were searched of late; try again in " in refused[10]
    now[0] += timedelta(minutes=2)
    assert "not a public address" in search()


@pytest.mark.parametrize(
    "placeholder", ["https://daily-news.ml/", "https://www.lejournal.sn/feed"]
)  # real sites, which nobody asks as the example's wire
def test_a_wire_without_a_name_of_its_own_asks_nobody(config: Config, tmp_path: Path, placeholder: str) -> None:
    with pytest.raises(NotSearched, match="nothing was fetched"):
        Searches().survey(config, tmp_path / "wire.db", placeholder, lambda: datetime(2026, 11, 22, tzinfo=NOW.tzinfo))


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("daily.example", "https://daily.example"),
        ("http://daily.example/rss", "http://daily.example/rss"),
        ("  ", None),
        ("javascript:alert(1)", None),
        ("https://u@daily.example/", None),
        ("https://daily.example/ x", None),
        ("https://daily.example/" + "x" * 2_000, None),
    ],
)
def test_what_is_an_address(said: str, address: str | None) -> None:
    if address is not None:
        assert address_of(said.strip()) == address
        return
    with pytest.raises(NotSearched):
        address_of(said.strip())
