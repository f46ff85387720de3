"""normalise: from what the publisher said to what is held; the raw words keep everything, the readings are bounded."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.identity import DUPLICATE
from aggregator.model import Article, Category, Document, Entry, Link, Media, Person, Publisher, Seen, Text
from aggregator.normalise import (
    LONG_ADDRESS,
    LONG_BYLINE,
    LONG_HEADLINE,
    NO_ADDRESS,
    Listing,
    article_of,
    normalise,
)
from aggregator.text import packing, pictures, raw_words
from aggregator.text.folding import fold
from aggregator.text.html import MOST_BYLINE, MOST_HEADLINE, MOST_HEADLINE_WORDS, MOST_OF_DATE
from aggregator.text.media import MEDIA_CUT, MEDIA_LEFT_OUT, MOST_CAPTION, MOST_LINE
from aggregator.text.pictures import MOST_MEDIA
from aggregator.text.printable import MOST_ADDRESS
from tests.conftest import AGREEMENT, make_entry, make_publisher
from tests.hostile import addresses as hostile_addresses
from tests.hostile import hostile
from tests.rows import every_row

LE_JOUR = make_publisher("le-jour", languages=("fr", "bm"))
GAZETTE = make_publisher("gazette", country="NG", languages=())
# A publisher that lets nobody keep more than a headline.
STRICT = make_publisher("strict", rights=replace(AGREEMENT, storage="metadata_only"))


def listing(
    publisher: Publisher, *entries: Entry, digests: dict[str, bytes] | None = None, **fields: object
) -> Listing:
    parsed = Document(format="rss20", entries=entries, **fields)  # type: ignore[arg-type]
    return normalise(parsed, publisher.sources[0], publisher, digests or {})


def article(entry: Entry, publisher: Publisher = LE_JOUR) -> Article:
    (made,) = listing(publisher, entry).articles
    return made


# What of an entry is held


def test_an_article_has_plain_readings_beside_the_words_as_they_came() -> None:
    entry = make_entry(updated="Sat, 21 Nov 2026 09:30 GMT", categories=(Category("Mali"), Category("Routes\nPonts")))
    made = article(entry)
    assert (made.publisher, made.title) == ("le-jour", "Le pont numéro 1 rouvre")
    assert made.summary == made.excerpt == "Le pont n° 1 rouvre lundi. Les camions attendent."
    assert made.text == "BAMAKO — Le pont n° 1 rouvre lundi.\nLes camions attendent depuis mardi."
    assert (made.url, made.byline, made.item_class) == ("http://daily.example/1", "Awa Keïta", "news")
    assert (made.published, made.published_stated) == (datetime(2026, 11, 21, 8, tzinfo=UTC), entry.published)
    assert (made.updated, made.updated_stated) == (datetime(2026, 11, 21, 9, 30, tzinfo=UTC), entry.updated)
    assert made.categories == ("Mali", "Routes Ponts")
    assert (made.place, made.adjusted, made.id_is_shared) == (0, (), False)
    assert raw_words.decode(made.raw) == entry
    assert made.packed == packing.packer()(made.raw)
    assert made.folded == (fold(made.summary), fold(made.text))


def test_a_category_is_shown_by_its_label_and_once_whatever_its_schemes() -> None:
    said = (Category("Eau", "urn:topics"), Category("geo/ml", "urn:places", "Mali"), Category("Eau"), Category("Mali"))
    assert article(make_entry(categories=said)).categories == ("Eau", "Mali")


@every_row(
    ("fields", "text", "excerpt"),
    [
        (
            {"content": ()},
            "Le pont n° 1 rouvre lundi. Les camions attendent.",
            "Le pont n° 1 rouvre lundi. Les camions attendent.",
        ),
        (
            {"summary": None},
            "BAMAKO — Le pont n° 1 rouvre lundi.\nLes camions attendent depuis mardi.",
            "BAMAKO — Le pont n° 1 rouvre lundi. Les camions attendent depuis mardi.",
        ),
        ({"content": (Text("<p>Un.</p>"), Text(""), Text("<p>Deux.</p>")), "summary": None}, "Un.\nDeux.", "Un. Deux."),
        ({"content": (), "summary": None}, "", ""),
    ],
)
def test_where_there_is_less_the_text_is_the_summary_and_the_excerpt_the_text(
    fields: dict[str, object], text: str, excerpt: str
) -> None:
    made = article(make_entry(**fields))
    assert (made.text, made.excerpt) == (text, excerpt)


def test_an_entry_that_says_nothing_but_a_link_is_an_article() -> None:
    made = article(Entry(links=(Link("http://daily.example/a"),)))
    assert (made.title, made.summary, made.text, made.byline, made.published) == ("", "", "", None, None)
    assert (made.published_stated, made.updated_stated, made.categories) == (None, None, ())
    assert made.url == "http://daily.example/a"


def test_words_that_may_not_be_kept_are_hashed_and_let_go() -> None:
    entry = make_entry()
    kept, let_go = article(entry, replace(LE_JOUR, key="strict")), article(entry, STRICT)
    assert (let_go.title, let_go.byline, let_go.url) == (kept.title, kept.byline, kept.url)
    assert (let_go.summary, let_go.text, let_go.excerpt) == ("", "", "")
    assert "pont n°" not in let_go.raw.decode()
    # A change of the words that are not kept is seen all the same, and a copy found again.
    assert (let_go.words_hash, let_go.entry_hash, let_go.keys) == (kept.words_hash, kept.entry_hash, kept.keys)
    assert let_go.near_keys == kept.near_keys


@every_row(
    ("stated", "of_document", "publisher", "language"),
    [
        ("fr-CA", None, LE_JOUR, "fr"),
        ("BM", None, LE_JOUR, "bm"),
        ("en-US", None, LE_JOUR, "fr"),  # many a French site says it, because its software did
        (None, "bm", LE_JOUR, "bm"),
        ("fr", "bm", LE_JOUR, "fr"),
        (None, None, LE_JOUR, "fr"),
        ("ha", None, GAZETTE, "ha"),
        ("pt-BR", None, GAZETTE, "pt-BR"),
        ("English, please", None, GAZETTE, None),
        (None, None, GAZETTE, None),
    ],
)
def test_the_language_is_one_of_the_publishers(
    stated: str | None, of_document: str | None, publisher: Publisher, language: str | None
) -> None:
    (made,) = listing(publisher, make_entry(language=stated), language=of_document).articles
    assert made.language == language


# What is cut or left out, and how that is said


LONGEST = "http://daily.example/" + "a" * (MOST_ADDRESS - 21)


@every_row(
    ("fields", "adjusted"),
    [
        ({"links": (Link("javascript:alert(1)"),)}, (NO_ADDRESS,)),
        ({"links": (Link("javascript:" + "a" * 9_000),)}, (NO_ADDRESS,)),
        ({"links": (Link(LONGEST),)}, ()),
        ({"links": (Link(LONGEST + "a"),)}, (LONG_ADDRESS,)),
        ({"links": (Link("http://daily.example/" + "ክ" * 1_000),)}, (LONG_ADDRESS,)),
        ({"links": ()}, ()),
        ({"links": (Link("nostr:a"), Link("http://daily.example/1"))}, ()),
        ({"title": Text("mot " * (MOST_HEADLINE_WORDS + 1), "text/plain")}, (LONG_HEADLINE,)),
        ({"title": Text("x" * (MOST_HEADLINE + 1), "text/plain")}, (LONG_HEADLINE,)),
        ({"title": Text("x" * MOST_HEADLINE, "text/plain")}, ()),
        ({"authors": tuple(Person(f"Reporter {number}") for number in range(99))}, (LONG_BYLINE,)),
        ({"media": (Media("http://img.example/a.jpg", credit="Awa"),)}, ()),
        ({"media": (Media("data:image/png;base64,AAAA"),)}, (MEDIA_LEFT_OUT,)),
        ({"media": (Media("http://img.example/" + "a" * MOST_ADDRESS),)}, (MEDIA_LEFT_OUT,)),
        ({"media": tuple(Media(f"http://img.example/{n}.jpg") for n in range(MOST_MEDIA))}, ()),
        ({"media": tuple(Media(f"http://img.example/{n}.jpg") for n in range(MOST_MEDIA + 9))}, (MEDIA_LEFT_OUT,)),
        ({"media": (Media("http://img.example/a.jpg", credit="x" * (MOST_LINE + 1)),)}, (MEDIA_CUT,)),
        ({"media": (Media("http://img.example/a.jpg", caption=Text("<p>mot</p>" * MOST_CAPTION)),)}, (MEDIA_CUT,)),
        (
            {"links": (Link("data:x"),), "title": Text("x" * 999), "authors": (Person("y" * 999),)},
            (NO_ADDRESS, LONG_HEADLINE, LONG_BYLINE),
        ),
    ],
)
def test_what_is_cut_or_left_out_is_named(fields: dict[str, object], adjusted: tuple[str, ...]) -> None:
    made = article(make_entry(id="a", **fields))
    assert made.adjusted == adjusted
    assert raw_words.decode(made.raw) == make_entry(id="a", **fields), "and nothing of it is lost"
    if NO_ADDRESS in adjusted or LONG_ADDRESS in adjusted:
        assert made.url is None


def test_media_are_held_as_plain_words_of_bounded_size() -> None:
    said = (
        Media(
            "http://img.example/\nl'été.jpg",
            "image",
            "image/jpeg",
            640,
            360,
            52_000,
            title="pont\u202e\njpg",
            caption=Text("<p>Le <b>pont</b> &amp; le bac</p><p>\x1b[31mMardi</p>"),
            credit="<i>Awa</i>\n Ke&iuml;ta",
            copyright="©\t2026",
            alt="\u2028Un\u2029pont",
            language="fr-ML",
        ),
        Media("http://img.example/l'été.jpg", credit="the same address again"),
        Media("ftp://img.example/a.jpg"),
        Media("http://img.example/b", "pícture", "no type", -1, 2**63, 2**90, language="no language"),
    )
    made = article(make_entry(media=said))
    assert made.media == (
        Media(
            "http://img.example/l'%C3%A9t%C3%A9.jpg",
            "image",
            "image/jpeg",
            640,
            360,
            52_000,
            title="pont jpg",
            caption=Text("Le pont & le bac\n[31mMardi", "text/plain"),
            credit="Awa Keïta",
            copyright="© 2026",
            alt="Un pont",
            language="fr-ML",
        ),
        Media("http://img.example/b"),
    )
    assert made.adjusted == (MEDIA_LEFT_OUT,)
    assert made.media_hash == pictures.digest(said)
    assert raw_words.decode(made.raw).media == said, "and nothing of it is lost"
    assert article_of(made.raw, made.keys[0], None, LE_JOUR.sources[0], LE_JOUR).media_hash == made.media_hash


def test_media_that_may_not_be_kept_are_known_by_their_hash_alone() -> None:
    entry = make_entry(media=(Media("http://img.example/a.jpg", caption=Text("Vue du quai")),))
    made = article(entry, STRICT)
    assert (made.media, made.media_hash, b"Vue du quai" in made.raw) == ((), pictures.digest(entry.media), False)


def test_a_headline_that_is_cut_is_found_as_it_was_before() -> None:
    """By its whole words: two headlines that begin alike are not one report."""
    begin = "mot " * MOST_HEADLINE_WORDS
    one, other = (article(make_entry(id="a", title=Text(begin + end))) for end in ("lundi", "mardi"))
    assert one.title == other.title
    assert one.near_keys[0] != other.near_keys[0]
    assert one.words_hash != other.words_hash


words = st.none() | st.builds(Text, hostile, st.sampled_from(["text/html", "text/plain"]))
entries = st.builds(
    Entry,
    id=st.none() | hostile,
    title=words,
    summary=words,
    content=st.lists(st.builds(Text, hostile), max_size=2).map(tuple),
    links=st.lists(st.builds(Link, hostile_addresses), max_size=2).map(tuple),
    authors=st.lists(st.builds(Person, st.none() | hostile, st.none() | hostile), max_size=3).map(tuple),
    categories=st.lists(hostile, max_size=3).map(lambda few: tuple(map(Category, few * 60))),
    published=st.none() | hostile,
    updated=st.none() | hostile,
    language=st.none() | hostile,
)


@given(entries, st.sampled_from([LE_JOUR, GAZETTE]))
def test_whatever_an_entry_says_its_readings_are_bounded_and_its_words_kept(entry: Entry, publisher: Publisher) -> None:
    made = article(entry, publisher)
    assert raw_words.encode(raw_words.decode(made.raw)) == raw_words.encode(entry)
    assert len(made.title) <= MOST_HEADLINE
    assert len(made.byline or "") <= MOST_BYLINE
    assert len(made.url or "") <= MOST_ADDRESS
    assert all(len(each or "") <= MOST_OF_DATE for each in (made.published_stated, made.updated_stated))
    assert len(made.categories) <= 100
    assert max(map(len, made.categories), default=0) <= 200
    assert made.language is None or len(made.language) <= 80
    assert len(made.excerpt.split()) <= publisher.rights.excerpt_max_words + 1  # and an ellipsis


# What one document lists


def test_the_articles_of_a_document_stand_in_its_order_and_what_was_dropped_is_counted() -> None:
    found = listing(LE_JOUR, make_entry(3), make_entry(1), make_entry(2), drops={"no_words": 2})
    assert [(each.title[15], each.place) for each in found.articles] == [("3", 0), ("1", 1), ("2", 2)]
    assert (found.listed, found.drops) == (found.articles, {"no_words": 2})
    assert listing(LE_JOUR) == Listing(listed=(), drops={})


def digest(entry: Entry) -> bytes:
    return hashlib.sha256(raw_words.encode(entry)).digest()


def test_an_unchanged_entry_is_only_seen() -> None:
    same, changed, new = make_entry(1), make_entry(2), make_entry(3)
    digests = {"id:tag:daily.example,2026:1": digest(same), "id:tag:daily.example,2026:2": digest(new)}
    found = listing(LE_JOUR, changed, same, new, digests=digests)
    assert found.listed == (found.articles[0], Seen(("id:tag:daily.example,2026:1",), place=1), found.articles[1])
    assert [(each.title, each.place) for each in found.articles] == [
        ("Le pont numéro 2 rouvre", 0),
        ("Le pont numéro 3 rouvre", 2),
    ]


def test_an_entry_whose_id_stands_for_others_too_is_never_only_seen() -> None:
    """Its key is another then, and depends on what else the document lists."""
    one, other = make_entry(1, id="same", content=()), make_entry(2, id="same")
    found = listing(LE_JOUR, one, other)
    assert [each.id_is_shared for each in found.articles] == [True, True]
    digests = {each.keys[0]: each.entry_hash for each in found.articles}
    assert listing(LE_JOUR, one, other, digests=digests) == found


LONGER = (Text(f"{make_entry().content[0].value}<p>Le maire s'en réjouit.</p>"),)


@every_row(
    ("first", "second", "stands"),
    [
        ({}, {}, "first"),
        ({"updated": "2026-11-21T09:00:00Z"}, {"updated": "2026-11-21T10:00:00Z"}, "second"),
        ({"updated": "2026-11-21T10:00:00Z"}, {"updated": "2026-11-21T09:00:00Z"}, "first"),
        ({"published": "2026-11-21T09:00:00Z"}, {"published": "2026-11-22T09:00:00Z"}, "second"),
        ({"published": None}, {}, "second"),
        ({}, {"content": LONGER}, "first"),  # one id: nothing says which is newer
        ({"id": "v1"}, {"id": "v2", "content": LONGER}, "second"),
        ({"id": "v1", "content": LONGER}, {"id": "v2"}, "first"),
    ],
)
def test_of_an_item_that_is_listed_twice_the_newest_stands(
    first: dict[str, object], second: dict[str, object], stands: str
) -> None:
    one, other = make_entry(**first), make_entry(**second)
    found = listing(LE_JOUR, make_entry(7), replace(one, rights="first"), replace(other, rights="second"))
    assert found.drops == {DUPLICATE: 1}
    assert [each.place for each in found.articles] == [0, 1]
    assert raw_words.decode(found.articles[1].raw).rights == stands


# An article from its raw words


def test_the_raw_words_of_an_entry_make_its_article_again_under_a_key() -> None:
    entry, source = make_entry(language=None), LE_JOUR.sources[0]
    made = article(entry)
    again = article_of(made.raw, made.keys[0], "bm", source, LE_JOUR)
    said = {"language": "bm", "stated_language": "bm"}
    assert again == replace(made, keys=made.keys[:1], **said, media_hash=None)  # of them it says nothing
    other = article_of(made.raw, "url://daily.example/1", None, replace(source, item_class="opinion"), LE_JOUR)
    assert (other.keys, other.item_class, other.language) == (("url://daily.example/1",), "opinion", "fr")
    assert other.id != made.id
