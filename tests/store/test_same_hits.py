"""Whichever store keeps the index of words, a search finds what `text.matching` finds by the words of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings

from aggregator.model import Query, Selection, Text
from aggregator.model.errors import SearchError
from aggregator.store import Store
from aggregator.store.postgres import search
from aggregator.store.postgres.connection import PostgresConnection
from aggregator.store.sqlite.sqlite_errors import BUSY_SECONDS
from aggregator.text.folding import fold
from aggregator.text.matching import matcher, packed
from aggregator.text.query import parse
from tests import postgres
from tests.conftest import (
    NOW,
    SOAK,
    STORES,
    examples,
    file_of,
    make_entry,
    make_publisher,
    open_store,
    record,
)
from tests.rows import every_row
from tests.text.test_matching import QUERY, TEXT

PUBLISHER = make_publisher()


def found_by_words(typed: str, title: str, summary: str, text: str) -> bool:
    return bool(matcher(packed({"one": typed})).matched(fold(title), fold(summary), fold(text)).searches)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresConnection]:
    """A database without a report, whose index is read however few rows it has."""
    place = postgres.place_of(tmp_path_factory.mktemp("empty") / "wire.db")
    Store.open(place).close()
    with closing(PostgresConnection(place, BUSY_SECONDS, reads_only=False)) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("BEGIN")
        yield connection
        connection.execute("ROLLBACK")


def in_postgres(connection: PostgresConnection, query: Query, title: str, summary: str, text: str) -> bool:
    row = search.row_of(fold(title), fold(summary), "" if text == summary else fold(text))
    connection.execute("DELETE FROM article_search")
    connection.execute(
        "INSERT INTO article_search (revision_id, words, said) VALUES (1, CAST(? AS tsvector), CAST(? AS jsonb))", row
    )
    said = search.expression(query.wanted, query.unwanted)
    return connection.execute(search.matching("?", "BETWEEN 1 AND 1"), (said,)).fetchone() is not None


@settings(max_examples=examples(400), deadline=None)
@given(QUERY, TEXT, TEXT, TEXT)
def test_postgres_finds_what_the_words_say(
    empty: PostgresConnection, typed: str, title: str, summary: str, text: str
) -> None:
    try:
        query = parse(typed)
    except SearchError:
        return
    assert found_by_words(typed, title, summary, text) == in_postgres(empty, query, title, summary, text), typed


# Amharic, Arabic, Chinese, Thai, Russian, Hindi, and Latin with accents, elisions and ligatures: words as they are
# written, and otherwise.
WORDS = (
    "pont", "Pont", "l'été", "ÉTÉ", "Ségou", "d'Ivoire", "Straße", "STRASSE", "ﬁnance", "İstanbul", "covid-19", "U.S.",
    "المدرسة", "مدرسة", "للمدرسة", "وَالمَدرَسَةُ", "٢٠٢٦", "2026", "ዓዲስ", "ኣዲስ", "አዲስ", "ሀገር", "ሃገር", "中国", "中国人民",
    "人民，中国", "ประเทศไทย", "ไทย", "Путин", "ёлка", "елка", "й", "हिन्दी", "ﷺ", "½", "e\u0301te\u0301", "a_b",
)  # fmt: skip
JOINTS = (" ", " ", " ", ", ", ". ", "-", "'")


def text_of(random: Random, words: int) -> str:
    return "".join(random.choice(WORDS) + random.choice(JOINTS) for _ in range(words))


def query_of(random: Random, depth: int = 0) -> str:
    word, kind = random.choice(WORDS), random.randrange(6)
    if kind == 0:
        words = [random.choice(WORDS) for _ in range(random.randint(2, 3))]
        return f'"{" ".join(words)}"{random.choice(["", "*"])}'
    if kind == 1 and len(word) > 2:
        return f"{word[: random.randint(2, 4)]}*"
    if kind == 2:
        return f"title:{word}"
    if kind == 3 and depth < 2:
        joined = random.choice((" OR ", " ", " AND ", " -"))
        return f"({query_of(random, depth + 1)}{joined}{query_of(random, depth + 1)})"
    return word


def held_by(store: Store, random: Random, reports: int) -> list[tuple[str, str, str]]:
    """Reports of random words; returns of each the headline, summary and text that are stored."""
    entries = [
        make_entry(
            number,
            title=Text(f"{text_of(random, random.randint(0, 4))}{number}", "text/plain"),
            summary=Text(text_of(random, random.randint(0, 6)), "text/plain"),
            content=(Text(text_of(random, random.randint(1, 25)), "text/plain"),) * random.randint(0, 1),
        )
        for number in range(reports)
    ]
    record(store, PUBLISHER, *entries)
    with file_of(store) as connection:
        return connection.execute(  # type: ignore[no-any-return]
            "SELECT a.id, a.title, b.summary, b.text FROM articles AS a JOIN bodies AS b ON b.article_id = a.article_id"
        ).fetchall()


@pytest.mark.parametrize("kind", STORES)
def test_a_search_finds_what_the_words_say(tmp_path: Path, kind: str) -> None:
    random, tried = Random("words of several scripts"), 0
    with open_store(kind, tmp_path / "wire", [PUBLISHER]) as store:
        held = held_by(store, random, 80)
        for _ in range(1_200 if SOAK else 25):
            typed = f"{query_of(random)} {random.choice(['', 'OR ', '-'])}{query_of(random)}"
            try:
                query = parse(typed)
            except SearchError:
                continue
            expected = {one for one, *words in held if found_by_words(typed, *words)}
            assert {report.id for report in store.search(query, Selection())} == expected, typed
            assert {report.id for report in store.search(query, Selection(), ranked=True)} == expected, typed
            tried += len(expected)
    assert tried > 100


# More words than a tsvector has places for, a word more often than it counts, and words longer than it holds.
FAR = " ".join(f"w{number}" for number in range(17_000))
OFTEN = "de la " * 400
LONG = "x" * 3_000
TEXTS = {
    "far": f"{FAR} le pont neuf de Ségou",
    "often": f"{OFTEN} ville, puis la ville de Ségou",
    "long": f"{LONG} {'й' * 1_200}z pont",
    "short": "le pont de la ville neuve",
}
FOUND = {
    '"le pont neuf"': {"far"},
    '"pont neuf" "w16998 w16999"': {"far"},
    '"w16999 le po"': set[str](),
    '"w16999 le pon"*': {"far"},
    '"w1 w3"': set(),
    '"neuf de segou"': {"far"},
    '"ville de Ségou"': {"often"},
    '"de segou"': {"far", "often"},
    '"la ville de"': {"often"},
    '"de la ville"': {"often", "short"},
    '"la ville" -"ville de ségou"': {"short"},
    'pont -"pont neuf"': {"long", "short"},
    '"pont neuf" OR "ville neuve"': {"far", "short"},
    "title:segou": set(),
    "title:(often OR far)": {"often", "far"},
    '"far w0"': set(),  # the last word of a headline and the first of a text
    "x" * 700 + "*": {"long"},
    "x" * 900: set(),
    "й" * 400 + "*": {"long"},
    "w16999": {"far"},
    "segou": {"far", "often"},
}


@cache
def held_in_texts(typed: str) -> set[str]:
    return {name for name, text in TEXTS.items() if found_by_words(typed, name, "", text)}


@pytest.fixture(scope="module", params=STORES)
def long_ones(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(request.param, tmp_path_factory.mktemp("long") / "wire.db", [PUBLISHER]) as store:
        entries = [
            make_entry(number, title=Text(name, "text/plain"), summary=None, content=(Text(text, "text/plain"),))
            for number, (name, text) in enumerate(TEXTS.items())
        ]
        record(store, PUBLISHER, *entries)
        yield store


@every_row("typed", FOUND)
def test_phrases_are_found_however_long_a_report_is(long_ones: Store, typed: str) -> None:
    assert {report.title for report in long_ones.search(parse(typed), Selection())} == FOUND[typed]
    assert held_in_texts(typed) == FOUND[typed]


@pytest.mark.parametrize("kind", STORES)
def test_a_word_in_the_headline_is_ranked_before_one_in_the_text(tmp_path: Path, kind: str) -> None:
    said: Sequence[tuple[str, str]] = (("Rien", "Le pont."), ("Le pont", "Rien."), ("Autre", "Pont, pont et pont."))
    with open_store(kind, tmp_path / "wire", [PUBLISHER]) as store:
        entries = [
            make_entry(number, title=Text(title, "text/plain"), summary=None, content=(Text(text, "text/plain"),))
            for number, (title, text) in enumerate(said)
        ]
        record(store, PUBLISHER, *entries, now=NOW)
        ranked = [report.title for report in store.search(parse("pont"), Selection(), ranked=True)]
    assert ranked == ["Le pont", "Autre", "Rien"]
