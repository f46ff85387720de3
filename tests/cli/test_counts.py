"""How many reports fit: all of them with --count, and up to 10,000 below a list that ends at its limit."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import get_args
from urllib.parse import urlencode

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from starlette.testclient import TestClient

from aggregator.desk import acts
from aggregator.desk.outgoing import releases
from aggregator.desk.purging import purge
from aggregator.desk.terms import sync
from aggregator.model import Cause, Channel, Kind, Query, Rights, Selection
from aggregator.model.release import Outlet, Release
from aggregator.output.formats import FORMATS
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.text.query import parse
from aggregator.web import make_app
from tests import commands, databases
from tests.cli.test_cli import make_config
from tests.conftest import (
    AGREEMENT,
    DEMO,
    NOW,
    QUOTATION,
    SOAK,
    WIRE,
    examples,
    file_of,
    make_entry,
    make_publisher,
    record,
)
from tests.hostile import Ran, run
from tests.releases import feed
from tests.rows import every_row

SELECTIONS = (
    Selection(),
    Selection(publishers=("kumasi-nettle",)),
    Selection(countries=("GH",)),
    Selection(item_classes=("press_release",)),
    Selection(languages=("pt",), item_classes=("news",)),
    Selection(languages=("am",), item_classes=("press_release",)),
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "wire.db"
    path.write_bytes(databases.in_force("0.2.0"))
    return path


def test_as_many_are_counted_as_are_listed(database: Path) -> None:
    with Store.open(database) as store:
        for selection in SELECTIONS:
            for query in (None, parse("mbalawe"), parse("mbalawe OR flood -bridge"), Query()):
                listed = len(store.latest(selection) if query is None else store.search(query, selection))
                assert store.count(selection, query) == listed
                for most in (1, 3, 1_000):
                    assert store.count(selection, query, most=most) == min(listed, most), (selection, query)


def printed(database: Path, *arguments: str) -> tuple[str, str]:
    """What a command prints, with a terminal as its standard error; both without line ends at their ends."""
    ours, theirs = pty.openpty()
    command = [*commands.COMMAND, "--config", str(DEMO / "config"), "--db", str(database), *arguments]
    with closing(os.fdopen(ours, "rb", buffering=0)) as terminal:
        done = commands.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, timeout=60)
        os.close(theirs)
        try:
            said = terminal.read(10_000)
        except OSError:  # nothing was written (Linux: EIO)
            said = b""
    return done.stdout.decode().strip(), click.unstyle(said.decode()).strip()


def test_a_list_that_ends_at_its_limit_says_of_how_many(database: Path) -> None:
    with Store.open(database) as store:
        count = store.count(Selection())
        found = store.count(Selection(), parse("mbalawe"))
    for words, number in (("latest",), count), (("search", "mbalawe"), found):
        last = json.loads(printed(database, *words, "--limit", "2", "--json")[0])[-1]["id"]
        ends = f"--before {last} lists the next, --limit 0 lists all"
        assert printed(database, *words, "--limit", "2")[1] == f"2 of {number} reports; {ends}"
        below = printed(database, *words, "--limit", "2", "--before", last)[1]
        assert below.startswith(f"2 of {number - 2} reports below {last}; --before ")
    assert printed(database, "latest", "--limit", "500")[1] == ""
    assert printed(database, "latest", "--limit", "0")[1] == ""
    assert printed(database, "latest", "--count") == (str(count), "")
    assert json.loads(printed(database, "search", "mbalawe", "--count", "--json")[0]) == {"count": found}


def test_beyond_10_000_only_count_says_how_many(database: Path) -> None:
    with Store.open(database) as store, file_of(store) as connection:
        connection.execute(
            """
            WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 10001)
            INSERT INTO articles (article_id, id, publisher, source_id, country, language, class, title, sort_time,
              first_seen, revision, status)
            SELECT 1000000 + value, 'copy-' || value, publisher, source_id, country, language, class, title, sort_time,
              first_seen, 1, status
            FROM n JOIN articles WHERE article_id = (SELECT article_id FROM wire WHERE publisher = 'nawras' LIMIT 1)
            """
        )
        connection.execute(
            "INSERT INTO bodies (article_id, summary, text, excerpt)"
            " SELECT article_id, '', '', '' FROM articles WHERE id GLOB 'copy-*'"
        )
        connection.execute(
            "INSERT INTO revisions (article_id, number, source_id, seen_at, title, words_hash, raw_hash, raw)"
            " SELECT article_id, 1, source_id, first_seen, title, x'', x'', x'' FROM articles WHERE id GLOB 'copy-*'"
        )
    said = printed(database, "latest", "--publisher", "nawras", "--limit", "1")[1]
    assert said.startswith("1 of more than 10,000 reports; --before ")
    assert int(printed(database, "latest", "--publisher", "nawras", "--count")[0]) > 10_001


# As many as are counted leave


CHANNELS = get_args(Channel)
KEYS = ("daily", "nawras", "mwanza", "gazette", "mute", "over")


@pytest.fixture(scope="module")
def of_all_rights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Reports of several languages and publishers, whose rights differ; one is held, one under embargo, one purged."""
    rights: dict[str, Rights] = {
        "daily": AGREEMENT,
        "nawras": replace(AGREEMENT, redistribute=("feed", "api"), storage="metadata_only"),
        "mwanza": replace(QUOTATION, redistribute=("web",)),
        "gazette": replace(QUOTATION, redistribute=()),
        "mute": replace(QUOTATION, text_scope="none"),
        "over": replace(AGREEMENT, expires=NOW.date() - timedelta(days=2), redistribute=("email", "web")),
    }
    countries = dict(zip(KEYS, ("GH", "TN", "TZ", "GH", "KE", "TN"), strict=True))
    kinds: dict[str, Kind] = dict.fromkeys(KEYS, "newspaper") | {"gazette": "government", "mwanza": "ngo"}
    made = [
        make_publisher(key, of, country=countries[key], kind=kinds[key], languages=("fr", "ar"))
        for key, of in rights.items()
    ]
    folder = tmp_path_factory.mktemp("rights")
    make_config(folder / "config")
    with Store.open(folder / "wire.db") as store:
        sync(store, WIRE, made, NOW, NOW.date())
        for place, publisher in enumerate(made):
            entries = [
                make_entry(100 * place + number, language=language)
                for number, language in enumerate(("fr", "ar", "sw", "fr-CA", None))
            ]
            record(store, publisher, *entries, now=NOW + timedelta(minutes=place))
        (first, second, third, *_) = store.latest(Selection(publishers=("daily",)))
        cause = Cause(actor="person:ama", reason="looked into")
        acts.withhold(store, first.id, cause, NOW)
        acts.embargo(store, second.id, NOW + timedelta(days=1), cause, NOW)
        purge(store, [third.id], cause, NOW)
        yield store


SELECTED = st.builds(
    Selection,
    publishers=st.lists(st.sampled_from(KEYS), max_size=2, unique=True).map(tuple),
    countries=st.lists(st.sampled_from(("GH", "TN", "TZ", "KE")), max_size=2, unique=True).map(tuple),
    kinds=st.lists(st.sampled_from(("newspaper", "government", "ngo")), max_size=2, unique=True).map(tuple),
    groups=st.lists(st.sampled_from(("news_organization", "institution")), max_size=1).map(tuple),
    languages=st.lists(st.sampled_from(("fr", "ar", "sw")), max_size=2, unique=True).map(tuple),
    item_classes=st.lists(st.sampled_from(("news", "opinion")), max_size=1).map(tuple),
    since=st.sampled_from((None, NOW - timedelta(days=2), NOW)),
    until=st.sampled_from((None, NOW, NOW + timedelta(days=1))),
)


@given(selection=SELECTED, channel=st.sampled_from(CHANNELS), words=st.sampled_from((None, "pont", "rouvre -camions")))
@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_as_many_leave_as_are_counted(
    of_all_rights: Store, selection: Selection, channel: Channel, words: str | None
) -> None:
    """By every filter: those of the channel are counted, and of all that fit just these are let out by the gate."""
    query = parse(words) if words else None
    ids = [report.id for report in of_all_rights.reports(selection, query)]
    out = [each for each in releases(of_all_rights, WIRE, ids, Outlet(channel=channel, now=NOW))
           if isinstance(each, Release)]  # fmt: skip
    of_channel = replace(selection, channel=channel)
    assert of_all_rights.count(of_channel, query) == len(out)
    assert [each.id for each in out] == [report.id for report in of_all_rights.reports(of_channel, query)]
    made = feed(tuple(out))
    assert len(list(csv.reader(io.StringIO(b"".join(FORMATS["csv"].render(made)).decode())))) == 1 + len(out)
    assert len(b"".join(FORMATS["jsonl"].render(made)).decode().splitlines()) == len(out)


def called(store: Store, *arguments: str) -> Ran:
    """A command where the wire's configuration is, which is not that of these terms."""
    return run("--db", str(store.path), *arguments, folder=store.path.parent)


# `make test` tries each filter by one channel, and each channel by some.
FILTERS = (
    ["", "--country TN", "--publisher daily", "--kind ngo", "--group news_organization", "--language fr",
     "--class news", "--since 2026-11-20", "--until 2026-11-21", "--on 2026-11-21", "--country GH --language ar",
     "--after 0", "--after 0 --country TN"]
)  # fmt: skip
CALLS = [(channel, filters) for channel in CHANNELS for filters in FILTERS]


@pytest.mark.soak
@every_row(
    ("channel", "filters"),
    CALLS if SOAK else [(CHANNELS[number % len(CHANNELS)], filters) for number, filters in enumerate(FILTERS)],
)
def test_the_commands_say_and_write_the_same_number(of_all_rights: Store, channel: str, filters: str) -> None:
    asked = [*filters.split(), "--channel", channel]
    shown = called(of_all_rights, "latest", "--count", *asked)
    wrote = called(of_all_rights, "export", "jsonl", *asked)
    assert (shown.code, wrote.code) == (0, 0), shown.err + wrote.err
    assert int(shown.out) == len(wrote.out.splitlines())
    assert wrote.err.startswith(f"{int(shown.out)} report")


# By the parameters of the address; `make test` has some of them, and above every filter.
PARAMETERS: list[dict[str, str]] = (
    [{}, {"country": "TN"}, {"publisher": "daily"}, {"kind": "ngo"}, {"group": "news_organization"}, {"language": "fr"},
     {"class": "news"}, {"since": "2026-11-20"}, {"until": "2026-11-21"}, {"on": "2026-11-21"}, {"after": "0"},
     {"search": "pont -camions"}, {"after": "0", "search": "rouvre", "country": "GH"}]
)  # fmt: skip


@pytest.fixture(scope="module")
def client(of_all_rights: Store) -> Iterator[TestClient]:
    paths = Paths(of_all_rights.path.with_name("config"), of_all_rights.path)
    with TestClient(make_app(paths, lambda: NOW), "http://localhost") as opened:
        yield opened


@pytest.mark.soak
@every_row("filters", PARAMETERS if SOAK else [PARAMETERS[0], *PARAMETERS[1::3], *PARAMETERS[-2:]])
def test_the_pages_of_the_api_and_of_the_list_have_as_many_as_are_counted(
    of_all_rights: Store, client: TestClient, filters: dict[str, str]
) -> None:
    listed = [f"--{name}={value}" for name, value in filters.items() if name != "search"]
    words = ["search", *filters["search"].split()] if "search" in filters else ["latest"]
    command = (*words, *listed, "--channel", "web")
    count = int(called(of_all_rights, *command, "--count").out)
    ids: list[str] = []
    following: str | None = f"/api/reports?{urlencode({**filters, 'limit': 5})}"
    while following:
        page = client.get(following).json()
        assert page["next"] is None or len(page["reports"]) == 5
        ids += [report["id"] for report in page["reports"]]
        following = page["next"] and "/" + page["next"].split("/", 3)[3]
    assert len(ids) == len(set(ids)) == count
    assert [each["id"] for each in json.loads(called(of_all_rights, *command, "--limit", "0", "--json").out)] == ids
