"""A saved search finds a report by its words exactly where the index of words does."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.desk.terms import sync
from aggregator.model import Article, Query, Selection, Text
from aggregator.model.errors import SearchError
from aggregator.store import Store
from aggregator.store.sqlite.search import expression
from aggregator.text.folding import fold
from aggregator.text.impossible import is_impossible
from aggregator.text.matching import digest, matcher, packed
from aggregator.text.query import parse
from aggregator.text.separators import is_separator, words_of
from tests import ROOT
from tests.conftest import NOW, SOAK, WIRE, examples, make_articles, make_entry, make_publisher, record, scaled
from tests.rows import every_row

SCHEMA = (ROOT / "aggregator" / "store" / "sqlite" / "new_database.sql").read_text()
TABLE = re.search(r"CREATE VIRTUAL TABLE article_search USING fts5\([^;]*\)", SCHEMA)
# Of several scripts: an article and particles before words, elisions, accents, Indic vowel signs, no spaces at all.
WORDS = (
    "pont", "ponts", "Pont-à-Mousson", "l’école", "école", "d'un", "L'UE", "qu'elle", "élections", "elections",
    "المدرسة", "مدرسة", "للمدرسة", "والمدرسة", "بالمدرسة", "ألمانيا", "bridge", "Bridge", "covid-19", "19",
    "水道料金が上がる", "水道", "ประเทศไทย", "नागरिक", "ኢትዮጵያ", "straße", "STRASSE", "ﬁnance", "finance", "½",
    "e\u0301te", "Ⅳ", "ƒ", "10:30", "a", "de", "x_y",
)  # fmt: skip
LANGUAGES = ("fr", "ar", "ja")


def index() -> sqlite3.Connection:
    assert TABLE is not None
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.execute(TABLE[0])
    return connection


INDEX = index()


def in_index(query: Query, title: str, summary: str, text: str) -> bool:
    INDEX.execute("INSERT INTO article_search (article_search) VALUES ('delete-all')")
    row = tuple(map(fold, (title, summary, text)))
    INDEX.execute("INSERT INTO article_search (rowid, title, summary, text) VALUES (1, ?, ?, ?)", row)
    said = expression(query.wanted, query.unwanted)
    return INDEX.execute("SELECT 1 FROM article_search WHERE article_search MATCH ?", (said,)).fetchone() is not None


def found(typed: str, title: str, summary: str, text: str) -> bool:
    searches = packed({"one": typed})
    matched = matcher(searches).matched(fold(title), fold(summary), fold(text))
    assert matched.by == digest(searches)
    return matched.searches == ("one",)


TEXT = st.text(max_size=30) | st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=12).map(" ".join)
WORD = st.sampled_from(WORDS) | st.text(min_size=1, max_size=5)
PHRASE = st.lists(WORD, min_size=1, max_size=3).map(lambda words: f'"{" ".join(words)}"')
LEAF = st.builds(
    lambda dash, field, word, star: f"{dash}{field}{word}{star}",
    st.sampled_from(("", "", "", "-")), st.sampled_from(("", "", "title:")), WORD | PHRASE,
    st.sampled_from(("", "", "*")),
)  # fmt: skip
QUERY = st.recursive(
    LEAF,
    lambda part: (
        st.lists(part, min_size=2, max_size=3).map(" ".join)
        | st.lists(part, min_size=2, max_size=3).map(" OR ".join)
        | part.map(lambda said: f"({said})")
        | part.map(lambda said: f"title:({said})")
        | st.tuples(part, part).map(" NOT ".join)
    ),
    max_leaves=6,
)


@settings(max_examples=examples(800))
@given(QUERY, TEXT, TEXT, TEXT)
def test_match_equals_index_hit(typed: str, title: str, summary: str, text: str) -> None:
    try:
        query = parse(typed, NOW)
    except SearchError:
        return
    assert found(typed, title, summary, text) == in_index(query, title, summary, text), typed


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Sequence[Article]]]:
    """A wire of three publishers in three languages, with its articles."""
    random = Random("held")
    path: Path = tmp_path_factory.mktemp("held") / "wire.db"
    publishers = [make_publisher(f"daily-{language}", languages=(language,)) for language in LANGUAGES]
    articles: list[Article] = []
    with Store.open(path) as store:
        sync(store, WIRE, publishers, NOW, NOW.date())
        for publisher in publishers:
            entries = [
                make_entry(
                    number,
                    title=Text(_some(random, 4), "text/plain"),
                    summary=Text(_some(random, 6), "text/plain"),
                    content=(Text(_some(random, 20), "text/plain"),) if number % 2 else (),
                )
                for number in range(40)
            ]
            record(store, publisher, *entries)
            articles += make_articles(publisher, *entries)
        yield store, articles


def _some(random: Random, most: int) -> str:
    return " ".join(random.choices(WORDS, k=random.randint(1, most)))


def _query(random: Random, depth: int = 2) -> str:
    if depth == 0 or random.random() < 0.4:
        word = random.choice((random.choice(WORDS), f'"{_some(random, 3)}"'))
        return (
            random.choice(("", "", "", "-")) + random.choice(("", "", "title:")) + word + random.choice(("", "", "*"))
        )
    joined = random.choice((" ", " OR ", " NOT ")).join(_query(random, depth - 1) for _ in range(random.randint(2, 3)))
    return f"({joined})" if random.random() < 0.7 else joined


def test_match_equals_search_in_a_store(held: tuple[Store, Sequence[Article]]) -> None:
    """Two hundred searches at once, so that each is found under the words by which it is filed."""
    store, articles = held
    random, searches, hits = Random(7), {}, 0
    while len(searches) < scaled(4_000):
        typed = _query(random)
        try:
            searches[f"search-{len(searches)}"] = parse(typed, NOW) and typed
        except SearchError:
            continue
    by_words = matcher(packed(searches))
    matched = {each.id: by_words.matched(each.folded_title, *each.folded).searches for each in articles}
    for name, typed in searches.items():
        listed = {report.id for report in store.reports(Selection(), parse(typed, NOW))}
        assert {report for report, names in matched.items() if name in names} == listed, typed
        hits += len(listed)
    assert hits > len(searches)  # else nothing was tried


def test_a_search_of_changes_alone_may_find_whatever_there_is() -> None:
    assert found("changed:1d", "", "", "")
    assert found("changed:2026-01-01 -pont", "bac", "", "")
    assert not found("changed:2d -pont", "le pont", "", "")


def test_characters_separate_words_as_the_index_says() -> None:
    """Of all planes in `make soak`; of those with letters that people write in `make test`."""
    characters = [chr(each) for each in range(0x110000 if SOAK else 0x12000) if not 0xD800 <= each < 0xE000]
    separators = [each for each in characters if is_separator(each)]
    assert _in_two(characters) == len(separators) == _in_two(separators)
    assert not [each for each in characters if each.isspace() and not is_separator(each)]
    assert words_of("covid-19,\u00a0ok") == ["covid", "19", "ok"]
    assert words_of("covid-19, ok") == ["covid", "19", "ok"]


def _in_two(characters: Sequence[str]) -> int:
    """How many of these cut a word in two in the index."""
    connection = index()
    connection.execute("CREATE VIRTUAL TABLE words USING fts5vocab(article_search, row)")
    text = "".join(f"x{each}y " for each in characters)
    connection.execute("INSERT INTO article_search (rowid, title) VALUES (1, ?)", (text,))
    (count,) = connection.execute("SELECT cnt FROM words WHERE term = 'x'").fetchone()
    return int(count)


IMPOSSIBLE = (
    "pont -pont", "Pont -pont", "pont -pon*", "pont* -pon*", '"le pont neuf" -pont', '"le pont neuf" -"pont neuf"',
    "title:pont -pont", "(pont OR ponts) -pont*", "pont -(pont OR bac)", "bac (pont -pont)", "pont NOT (pont)",
    "مدرسة -المدرسة", "(pont -pont) OR (bac -bac)",
)  # fmt: skip
POSSIBLE = (
    "pont -ponts", "pon* -pont", 'pont -"pont neuf"', "pont -title:pont", "(pont OR bac) -pont", "pont (bac OR pont)",
    "pont -(pont -bac)", "(pont -pont) OR bac", "pont changed:2d",
)  # fmt: skip


@every_row("typed", (*IMPOSSIBLE, *POSSIBLE))
def test_what_leaves_out_what_it_looks_for_is_known(typed: str) -> None:
    assert is_impossible(parse(typed, NOW)) == (typed in IMPOSSIBLE)


@settings(max_examples=examples(400))
@given(typed=QUERY, title=TEXT, text=TEXT)
def test_what_is_impossible_is_found_nowhere(typed: str, title: str, text: str) -> None:
    try:
        query = parse(typed)
    except SearchError:
        return
    if query.wanted and is_impossible(query):
        assert not in_index(query, title, text, text)
