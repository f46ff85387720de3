"""Which article an entry is: keys that hold when a listing varies, and that never make two articles one."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.identity import keys_of, place_of, public_id
from aggregator.identity.advertising import is_advertising
from aggregator.model import Entry, IdentityRules, Link, Text
from aggregator.text.folding import fold
from aggregator.text.html import one_line
from aggregator.text.urls import is_front_page, page_of
from tests.conftest import make_entry
from tests.rows import every_row


@every_row(
    ("missing", "kinds"),
    [
        ({}, ["id", "url"]),
        ({"id": None}, ["url"]),
        ({"links": ()}, ["id"]),
        ({"id": None, "links": ()}, ["dated", "words"]),
        ({"id": None, "links": (), "title": None}, ["words"]),
    ],
)
def test_the_publishers_id_comes_first_then_its_link_then_its_words(
    missing: dict[str, object], kinds: list[str]
) -> None:
    (keys,) = keys_of([make_entry(1, **missing)])
    assert [key.partition(":")[0] for key in keys] == kinds


def test_an_edit_keeps_the_first_key() -> None:
    (before,), (after,) = keys_of([make_entry()]), keys_of([make_entry(title=Text("Another headline"))])
    assert before[0] == after[0]


@pytest.mark.parametrize("shared", [{"id": "same"}, {"id": None, "links": (Link("http://daily.example/"),)}])
def test_one_guid_or_link_for_all_items_identifies_none(shared: dict[str, object]) -> None:
    keys = keys_of([make_entry(n, **shared) for n in range(5)])
    assert len({id_trust[0] for id_trust in keys}) == 5


def test_an_entry_without_id_and_link_is_known_by_headline_and_date() -> None:
    bare = make_entry(id=None, links=())
    edited = make_entry(id=None, links=(), content=(Text("more"),))
    assert keys_of([bare])[0][0] == keys_of([edited])[0][0]
    other_day = make_entry(id=None, links=(), published="Sun, 22 Nov 2026 08:00:00 GMT")
    assert keys_of([bare])[0][0] != keys_of([other_day])[0][0]


def test_words_that_older_versions_passed_over_are_no_key_but_where_there_are_no_others() -> None:
    one, other = (Text(words, "text/plain", "media:text") for words in ("Malori yanavuka mto", "شاحنات على الجسر"))
    bare: dict[str, object] = {"id": None, "links": (), "title": None}
    entries = [make_entry(1, **bare, content=content) for content in ((), (one,), (other,))]
    assert len({keys_of([entry])[0] for entry in entries}) == 1
    without = [make_entry(1, **bare, summary=None, content=(text,)) for text in (one, other)]
    assert len(set(keys_of(without))) == 2


@every_row(
    "url",
    [
        "https://www.daily.example/2026/pont/",
        "http://daily.example/2026/pont?utm_source=rss&utm_medium=feed#comments",
        "HTTPS://Daily.Example:443/2026/pont?fbclid=x",
        " http://daily.example:80/2026/pont ",
    ],
)
def test_addresses_of_one_page_compare_equal(url: str) -> None:
    assert page_of(url) == "//daily.example/2026/pont"


@every_row(
    ("one", "other"),
    [
        ("http://daily.example/?p=1", "http://daily.example/?p=2"),
        ("http://daily.example/a", "http://sport.daily.example/a"),
        ("http://daily.example/a", "http://daily.example:8080/a"),
        ("http://daily.example/A", "http://daily.example/a"),
        ("http://[bad", "http://[worse"),
    ],
)
def test_addresses_of_two_pages_do_not(one: str, other: str) -> None:
    assert page_of(one) != page_of(other)


D = "http://daily.example"


def test_ids_that_are_ignored_are_no_keys_and_those_trusted_stand_for_any_headline() -> None:
    (keys,) = keys_of([make_entry()], IdentityRules(ids="ignored"))
    assert [key.partition(":")[0] for key in keys] == ["url"]
    two = keys_of([make_entry(1, id="one"), make_entry(2, id="one")], IdentityRules(ids="trusted"))
    assert {id_trust[0] for id_trust in two} == {"id:one"}


@every_row(
    ("one", "other", "same"),
    [
        (f"{D}/briefs.html#a", f"{D}/briefs.html#b", False),
        (f"{D}/report", f"{D}/report#comments", False),
        (f"{D}/report#a", "https://www.daily.example:443/report/?utm_source=rss#a", True),
        (f"{D}/report#xtor=RSS-1", f"{D}/report#xtor=RSS-2", True),
        (f"{D}/report#:~:text=bridge", f"{D}/report", True),
        (f"{D}/report#utm_source=a&page=2", f"{D}/report", False),
    ],
)
def test_a_place_is_an_address_with_its_fragment(one: str, other: str, same: bool) -> None:
    assert (place_of(one) == place_of(other)) is same


@every_row(
    ("url", "is_front"),
    [
        (f"{D}", True),
        ("https://www.daily.example/", True),
        (f"{D}/index.html", True),
        (f"{D}/fr/", True),
        (f"{D}/en-GB/home.aspx", True),
        (f"{D}/?p=7", False),
        (f"{D}/#post-1", False),
        (f"{D}/news", False),
        (f"{D}/index.php?p=7", False),
        ("no address", False),
    ],
)
def test_front_pages_are_told_from_pages_of_reports(url: str, is_front: bool) -> None:
    assert is_front_page(place_of(url)) is is_front


@every_row(
    ("headline", "is_paid"),
    [
        ("[Sponsor] FerryPay", True),
        ("(Sponsored by FerryPay) Boats for all", True),
        ("Advertisement: Boats for all", True),
        ("Boats for all | Sponsored", True),
        ("Publirédactionnel : des bateaux pour tous", True),
        ("Patrocinado – Barcos para todos", True),
        ("Anzeige: Boote für alle", True),
        ("إعلان: قوارب للجميع", True),
        ("Tangazo: mashua kwa wote", True),
        ("FerryPay", False),
        ("Sponsor of the river race pulls out", False),
        ("Publicité à la télévision : le conseil tranche", False),
        ("AD 79 was not the end of the town", False),
        ("Anzeige gegen den Bürgermeister", False),
        ("Minister: advertisement cost too much", False),
    ],
)
def test_advertising_is_told_by_its_label(headline: str, is_paid: bool) -> None:
    assert is_advertising(fold(headline)) is is_paid


def test_the_public_id_is_the_same_everywhere_and_fits_an_address() -> None:
    assert public_id("daily", "id:1") == "um4nc2p66rh2qyev"
    assert public_id("daily", "id:1") != public_id("other", "id:1")


words = st.text(max_size=12)
entries = st.builds(
    Entry,
    id=st.none() | words,
    title=st.none() | st.builds(Text, words),
    summary=st.none() | st.builds(Text, words),
    links=st.lists(st.builds(Link, words), max_size=2).map(tuple),
    published=st.none() | words,
)


@given(st.lists(entries, max_size=8))
def test_entries_of_one_document_share_a_first_key_only_where_they_are_one_item(document: list[Entry]) -> None:
    """One headline, or one id at one address (RFC 4287 section 4.1.1)."""
    listed = list(zip((id_trust[0] for id_trust in keys_of(document)), document, strict=True))
    for (key, one), (other_key, other) in combinations(listed, 2):
        if key == other_key:
            assert headline(one) == headline(other) or (one.id == other.id and place(one) == place(other))


def headline(entry: Entry) -> str:
    return fold(one_line(entry.title))


def place(entry: Entry) -> str | None:
    return place_of(entry.links[0].href) if entry.links and entry.links[0].href else None


@given(st.lists(entries, max_size=8), st.randoms())
def test_keys_do_not_depend_on_the_order_of_the_document(document: list[Entry], random: object) -> None:
    shuffled = document[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert sorted(keys_of(document)) == sorted(keys_of(shuffled))


def test_entries_without_headline_on_one_page_are_as_many_as_their_words() -> None:
    """A weblog whose items are anchors of one page, without titles (scripting.com, 2002)."""
    page = [Entry(summary=Text(f"Item {n}"), links=(Link(f"http://daily.example/2002/09/29#{n}"),)) for n in range(3)]
    guids = [Entry(id=f"http://daily.example/2002/09/29#{n}", summary=Text(f"Item {n}")) for n in range(3)]
    for document in (page, guids):
        assert len({id_trust[0] for id_trust in keys_of(document)}) == 3
        keys = [key for id_trust in keys_of(document) for key in id_trust]
        assert len(keys) == len(set(keys))
