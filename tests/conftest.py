"""Values that many tests begin from. Real files, real servers; nothing is faked here."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, settings
from msgspec.structs import replace
from psycopg.conninfo import conninfo_to_dict

from aggregator.demo import Site, read_sites
from aggregator.desk.housekeeping import maintain, tick
from aggregator.desk.terms import sync
from aggregator.model import (
    Access,
    Article,
    Credentials,
    Document,
    Due,
    Entry,
    FetchSettings,
    Images,
    Link,
    NextPoll,
    Person,
    Poll,
    Publisher,
    Rights,
    Source,
    Tag,
    TagEvidence,
    Tags,
    Template,
    Text,
    Wire,
)
from aggregator.model.place import Place, PostgresPlace
from aggregator.normalise import normalise
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.sqlite.connection import SQLiteConnection, register
from aggregator.store.sqlite.sqlite_errors import BUSY_SECONDS
from aggregator.text.query import parse
from tests import commands, databases, postgres

T = TypeVar("T")

# `make soak` repeats in full what `make test` repeats a twentieth of, and runs what takes minutes (`only_soak`).
SOAK = os.environ.get("SOAK") == "1"
only_soak = pytest.mark.skipif(not SOAK, reason="takes minutes; `make soak` runs it")


# As the command does: what tests make lives to their end, and looking for cycles at every seven hundred values of it
# takes a tenth of the time.
gc.set_threshold(50_000)


# A script that starts the tests in its background lets them ignore Ctrl-C, and so would the commands that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Before xdist starts its processes, which then share one starter of commands."""
    if session.config.getoption("numprocesses", None) and not hasattr(session.config, "workerinput"):
        commands.share()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Of several processes each begins to import the tests at another file, and finds what others have compiled: to
    rewrite their assertions takes more time than anything else before the first test.
    """
    here = getattr(session.config, "workerinput", None)
    if here is not None and session.config.args == session.config.getini("testpaths"):
        folder = session.config.rootpath
        files = sorted(file.relative_to(folder) for file in folder.glob("tests/**/test_*.py"))
        first = int(here["workerid"].removeprefix("gw")) * len(files) // int(here["workercount"])
        for file in files[first:] + files[:first]:
            with suppress(Exception):  # it is said when the file is collected
                importlib.import_module(".".join(file.with_suffix("").parts))
    yield


def pytest_collection_finish() -> None:
    """What is there now stays, and is not looked through for cycles any more."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """The databases of a test end with it, those of a module with the module."""
    yield
    folders = getattr(item, "funcargs", {})
    if nextitem is None or nextitem.path != item.path:
        postgres.drop(Path("/"))
    elif "tmp_path" in folders:
        postgres.drop(folders["tmp_path"])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for many seconds, or computes for as long, begins first: at the end one process would be alone with
    it.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def scaled(full: int) -> int:
    """How often to repeat something: so often in `make soak`, a twentieth of it, at least once, in `make test`."""
    return full if SOAK else max(1, full // 20)


def examples(full: int) -> int:
    """How many examples of a property: so many in `make soak`, a twentieth of it in `make test`; of few an eighth, of
    many at least ten.
    """
    return full if SOAK else max(min(10, full // 8), full // 20)


# In CI the properties are tried on the same examples every time; at a desk on new ones.
# That drawing them is slow says that the machine is busy.
_USUAL = settings(max_examples=examples(100), suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("here", _USUAL)
settings.register_profile("ci", _USUAL, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


def some(rows: Iterable[T], most: int) -> list[T]:
    """The rows of a table whose test is dear: all in `make soak`; so many in `make test`, from the first to the last at
    equal distances. The test that has them is marked `soak`.
    """
    every = list(rows)
    if SOAK or len(every) <= most:
        return every
    return [every[number * (len(every) - 1) // max(1, most - 1)] for number in range(most)]


NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DEMO = Path(__file__).parents[1] / "data" / "demo"

QUOTATION = Rights(relationship="none", basis="quotation", text_scope="excerpt", credit="{publisher} ({place})")
AGREEMENT = replace(
    QUOTATION,
    relationship="partner",
    basis="agreement",
    text_scope="full_text",
    copyright_notice="© {publisher}",
    images=Images(scope="agreement"),
)

WIRE = Wire(
    name="Test Wire",
    url="https://wire.example/",
    publisher="test-wire",
    user_agent="TestWire/1.0 (+https://wire.example/bot)",
    robots_token="TestWire",
    complaints_url="https://wire.example/complain",
    complaints_email="desk@wire.example",
    fetch=FetchSettings(
        per_domain_concurrency=64,
        per_domain_spacing=timedelta(0),
        timeout=timedelta(seconds=5),
        allow_addresses=("127.0.0.0/8",),
    ),
)


@cache
def demo_sites() -> tuple[Site, ...]:
    """The publishers of the demo, as their press serves them."""
    return read_sites(DEMO / "press")


def make_source(url: str, credentials: Credentials | None = None) -> Source:
    """A source as config/ makes it: private where its address is a template, or something stands beside it."""
    is_private = credentials is not None or "${" in url
    access = Access(url=Template(url), credentials=credentials) if is_private else None
    return Source(publisher="daily-example", key="feed", url=url, access=access)


def make_publisher(key: str = "daily-example", rights: Rights = AGREEMENT, **fields: object) -> Publisher:
    source = Source(publisher=key, key="feed", url=f"http://{key}.example/feed")
    made = Publisher(
        key=key,
        name=key.replace("-", " ").title(),
        place="Bamako",
        country="ML",
        kind="newspaper",
        languages=("fr",),
        homepage=f"http://{key}.example/",
        rights=rights,
        sources=(source,),
    )
    return replace(made, **fields)


def make_entry(number: int = 1, **fields: object) -> Entry:
    made = Entry(
        id=f"tag:daily.example,2026:{number}",
        title=Text(f"Le pont numéro {number} rouvre", "text/plain"),
        summary=Text(f"<p>Le pont n° {number} rouvre lundi. Les camions attendent.</p>"),
        content=(Text(f"<p>BAMAKO — Le pont n° {number} rouvre lundi.</p><p>Les camions attendent depuis mardi.</p>"),),
        links=(Link(f"http://daily.example/{number}"),),
        authors=(Person("Awa Keïta"),),
        published="Sat, 21 Nov 2026 08:00:00 GMT",
    )
    return replace(made, **fields)


def make_articles(publisher: Publisher, *entries: Entry) -> tuple[Article, ...]:
    return normalise(Document(format="rss20", entries=entries), publisher.sources[0], publisher).articles


def with_tags(
    article: Article, topics: Sequence[str] = (), about: Sequence[str] = (), *, by: str = "tables", **fields: Any
) -> Article:
    """The article, tagged so; its evidence is its headline."""
    evidence = (TagEvidence(article.title, "headline", "name"),)
    tags = Tags(
        by=by,
        language=article.language,
        language_from="words",
        topics=tuple(Tag(code, 1.0, evidence) for code in topics),
        countries=tuple(Tag(code, 1.0, evidence) for code in about),
    )
    tags = replace(tags, **fields)
    return replace(article, tags=tags, language=tags.language)


def make_poll(source: Source, now: datetime = NOW, **fields: object) -> Poll:
    following = NextPoll(at=now + timedelta(minutes=30), reason="interval")
    made = Poll(source=source, started=now, seconds=0.1, outcome="ok", next=following, http_status=200)
    return replace(made, **fields)


def record(store: Store, publisher: Publisher, *entries: Entry, now: datetime = NOW) -> Poll:
    """One poll of the publisher's first source that brought these entries, indexed for search."""
    poll = make_poll(publisher.sources[0], now)
    (counted,) = record_polls(store, [(poll, make_articles(publisher, *entries))], now)
    while store.index():
        pass
    return counted


def due(store: Store, now: datetime) -> list[Due]:
    """The sources whose time has come, asked as the daemon asks at every tick."""
    tick(store, now)
    return store.due(now)


def file_of(store: Store) -> AbstractContextManager[Any]:
    """As `look_into` the place of the store."""
    return look_into(store.place)


@contextmanager
def look_into(place: Place) -> Iterator[Any]:
    """A connection of its own to what a store keeps there, as sqlite3's, with the functions that `Store.query` has;
    what is written becomes one transaction.
    """
    if isinstance(place, PostgresPlace):
        with closing(PostgresConnection(place, BUSY_SECONDS, reads_only=False)) as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        return
    with closing(sqlite3.connect(place, factory=SQLiteConnection)) as connection, connection:
        register(connection)
        yield connection


def keep_house(store: Store, now: datetime) -> None:
    """Housekeeping, twice: a clock that is far ahead of the last poll is believed at the second look."""
    maintain(store, now - timedelta(minutes=10))
    maintain(store, now)


@pytest.fixture(scope="session", autouse=True)
def _what_was_begun_before() -> None:
    """Reading processes and new databases come ready made, for most tests are about neither."""
    commands.give_readers()
    databases.copy_new_ones()


@pytest.fixture
def started_anew() -> Iterator[None]:
    """Reading processes are started, and new databases are made, as the product does it."""
    commands.start_readers()
    databases.make_new_ones()
    yield
    commands.give_readers()
    databases.copy_new_ones()


@pytest.fixture
def publisher() -> Publisher:
    return make_publisher()


# Every kind of store that a wire can be kept in, and where the one is that stands for the file of a path.
PLACES: Mapping[str, Callable[[Path], Place]] = {"sqlite": lambda path: path, "postgres": postgres.place_of}
STORES: Mapping[str, Callable[[Path], Store]] = {
    # Looked up at each call, so that new databases come ready made.
    kind: lambda path, place=place: Store.open(place(path))  # type: ignore[misc]
    for kind, place in PLACES.items()
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test, or all of a file, is run over every kind of store where it has the mark `stores`; with `stores("soak")`
    `make test` runs it over SQLite alone, and with `stores("sqlite")` it is about what SQLite alone has: a file.
    """
    mark = metafunc.definition.get_closest_marker("stores")
    if mark is None or "store_kind" not in metafunc.fixturenames:
        return
    others = [kind for kind in PLACES if kind != "sqlite" and "sqlite" not in mark.args]
    if "soak" in mark.args:
        others = [pytest.param(kind, marks=pytest.mark.soak) for kind in others if SOAK]
    metafunc.parametrize("store_kind", ["sqlite", *others], indirect=True)


@pytest.fixture
def store_kind(request: pytest.FixtureRequest) -> str:
    """Of the store that the test is about."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def place(store_kind: str, tmp_path: Path) -> Place:
    """Where there is a new wire, or none yet."""
    return PLACES[store_kind](tmp_path / "wire.db")


def tables_of(store: Store) -> list[str]:
    """The names of all tables, those of the index of words among them."""
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
    if isinstance(store.place, PostgresPlace):
        sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
    with file_of(store) as connection:
        return [name for (name,) in connection.execute(sql).fetchall()]


def in_index(store: Store, typed: str) -> set[int]:
    """The revisions that the index of words knows by these, whatever their reports are in."""
    with file_of(store) as connection:
        expression = connection.index.expression(parse(typed).wanted, ())
        return {int(row[0]) for row in connection.execute(connection.index.matching("?"), (expression,)).fetchall()}


def as_option(place: Place) -> str:
    """As `--db` takes it."""
    if isinstance(place, Path):
        return str(place)
    said = conninfo_to_dict(place.url)
    user, name = said.pop("user"), said.pop("dbname")
    return f"postgresql://{user}@/{name}?{urlencode(said)}"


def open_copy(kind: str, made: Path, path: Path) -> Store:
    """A store of this kind that holds what the closed one at `made` does: to fill one again takes longer."""
    if kind == "postgres":
        postgres.place_of(path, like=made)
    else:
        shutil.copy(made, path)
    return STORES[kind](path)


def open_store(kind: str, path: Path, publishers: Sequence[Publisher]) -> Store:
    """A store of this kind that knows these publishers."""
    store = STORES[kind](path)
    sync(store, WIRE, publishers, NOW, NOW.date())
    return store


@pytest.fixture
def store(place: Place, publisher: Publisher) -> Iterator[Store]:
    """An open, empty database that knows `publisher`."""
    with Store.open(place) as opened:
        sync(opened, WIRE, [publisher], NOW, date(2026, 11, 22))
        yield opened
