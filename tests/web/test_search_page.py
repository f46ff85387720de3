"""Search: what is found is shown in the words that may be shown, marked; counts are those of the filters' own pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from msgspec.structs import replace

from aggregator.desk.outgoing import outlet, releases
from aggregator.desk.terms import sync
from aggregator.model import Query, Selection
from aggregator.model.release import Release
from aggregator.pipeline.opening import load_config, open_existing
from aggregator.store import Store
from aggregator.tags.tagging import tag_all
from aggregator.text.dates import utc_now
from aggregator.text.folding import fold
from aggregator.text.query import parse
from aggregator.text.separators import words_of
from tests.conftest import NOW, WIRE, make_entry, make_publisher, record
from tests.web.serving import Served, served


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("search")) as found:
        with open_existing(found.paths) as store:
            publishers = {each.key: each for each in load_config(found.paths).publishers}
            waiting = store.to_tag(1_000)
            tags = tag_all([(each.words, publishers[each.publisher].tags, each.languages) for each in waiting])
            store.save_tags(list(zip(waiting, tags, strict=True)), utc_now())
        yield found


def page(wire: Served, asked: str, status: int = 200, **headers: str) -> BeautifulSoup:
    answer = wire.get(f"/search{asked}", **headers)
    assert answer.status_code == status, answer.text
    return BeautifulSoup(answer.text, "lxml")


def hits(soup: BeautifulSoup) -> dict[str, Tag]:
    """Reports by id, in their order."""
    found = {}
    for article in soup.select("main article"):
        link = article.select_one(".headline a")
        assert link is not None
        found[str(link["href"]).removeprefix("/report/")] = article
    return found


def listed(wire: Served, selection: Selection, query: Query | None) -> list[str]:
    with open_existing(wire.paths) as store:
        return [each.id for each in store.reports(replace(selection, channel="web"), query)]


@pytest.mark.parametrize(
    ("typed", "marked"),
    [
        ("the", "the"), ("POWER", "power"), ('"ministry of power"', "ministry"), ("tarif*", "tarif"),
        ("electricité OR Électricité OR carburant", "carburant"), ("umeme OR maji", "maji"), ("الوقود", "وقود"),
        ("وقود", "الوقود"), ("ውሃ OR መብራት OR ነዳጅ", ""), ("energia OR rio", "rio"),
    ],
)  # fmt: skip
def test_words_are_marked_where_they_are_and_nothing_else_is(wire: Served, typed: str, marked: str) -> None:
    soup = page(wire, f"?q={typed.replace(' ', '+')}")
    found = hits(soup)
    assert list(found) == listed(wire, Selection(), parse(typed))[:30]
    marks = [each.get_text() for each in soup.select("main article mark")]
    assert bool(marks) == bool(found)
    wanted = [word for word in words_of(fold(typed.replace('"', " "))) if word != "or"]
    for each in marks:
        assert any(fold(each).endswith(word) or fold(each).startswith(word) for word in wanted) or marked in fold(each)


def test_what_rights_keep_back_is_in_no_snippet(wire: Served) -> None:
    """Of a report that is found by words of its text that may not be shown there is the headline alone."""
    now = utc_now()
    with open_existing(wire.paths) as store:
        reports = list(store.reports(Selection(channel="web")))
        out = releases(store, load_config(wire.paths).wire, [each.id for each in reports], outlet(store, "web", now))
        let_out = {each.id: each for each in out if isinstance(each, Release)}
        held = {each.id: each for each in store.to_release(list(let_out))}
    tried = set()
    for id_, release in let_out.items():
        if release.scope == "full_text":
            continue
        said = (release.headline, release.summary, release.text, release.publisher_name, release.publisher_place)
        shown = set(words_of(fold(" ".join(said))))
        secret = [w for w in words_of(fold(held[id_].text)) if len(w) > 6 and w.isalpha() and w not in shown]
        for word in secret[:2]:
            article = hits(page(wire, f"?q={word}"))[id_]
            assert not article.select("mark, .opening"), word
            assert word not in fold(article.get_text())
            tried.add(release.scope)
    assert tried == {"headline_only", "excerpt"}


def test_a_count_is_the_number_of_reports_that_its_link_finds(wire: Served) -> None:
    soup = page(wire, "?q=the")
    names = {each.get_text() for each in soup.select(".facets h3")}
    assert len(names) == 8
    for link in soup.select(".facets li:nth-child(-n+2) a"):
        count = link.find_next_sibling(class_="count")
        assert count is not None
        narrower = page(wire, str(link["href"]).removeprefix("/search"))
        heading = narrower.select_one("#results")
        assert heading is not None
        number = int(count.get_text())
        assert heading.get_text() == ("One report" if number == 1 else f"{number} reports")
        assert len(hits(narrower)) == min(30, number)
        (chosen,) = narrower.select(".chosen li")
        back = chosen.select_one("a")
        assert back is not None
        assert str(back["href"]) == "/search?q=the"


def test_with_many_reports_the_newest_are_counted_and_all_where_one_asks(tmp_path: Path) -> None:
    one, two = make_publisher("one"), make_publisher("two", country="TZ", languages=("sw",))
    with Store.open(tmp_path / "wire.db") as store:
        sync(store, WIRE, [one, two], NOW, NOW.date())
        record(store, one, *map(make_entry, range(150)))
        record(store, two, *(make_entry(n, id=f"tag:two.example:{n}", links=()) for n in range(120)))
    with served(tmp_path) as wire:
        for counts, heading, total in (("", "More than 200 reports", 200), ("&counts=more", "270 reports", 270)):
            soup = page(wire, f"?q=pont{counts}")
            found = soup.select_one("#results")
            assert found is not None
            assert found.get_text() == heading
            numbers = [each.get_text() for each in soup.select(".facets a[href*='publisher='] + .count")]
            assert len(numbers) == 2
            assert all(each.endswith("+") for each in numbers) == (not counts)
            assert sum(int(each.rstrip("+")) for each in numbers) == total
            assert bool(soup.select("a[href*='counts=more']:-soup-contains('Count more')")) == (not counts)
        more = page(wire, "?q=pont").select_one("a[href*='counts=more']")
        assert more is not None
        exact = page(wire, str(more["href"]).removeprefix("/search"))
        assert {each.get_text() for each in exact.select(".facets a[href*='publisher='] + .count")} == {"150", "120"}


def test_filters_and_dates_choose_as_they_do_for_the_api(wire: Served) -> None:
    for asked in (
        "country=Ghana", "publisher=Nawras+Agency&q=الوقود", "language=French", "kind=ngo&kind=government&kind=ngo",
        "group=institution", "class=press-release&q=the", "since=2026-11-28&until=2026-11-28", "about=GH",
        "topic=economy", "q=changed%3A30d",
    ):  # fmt: skip
        as_json = wire.get(f"/api/reports?{asked.replace('q=', 'search=')}&limit=30")
        if as_json.status_code != 200:
            assert wire.get(f"/search?{asked}").status_code == as_json.status_code
            continue
        ids = [each["id"] for each in as_json.json()["reports"]]
        assert list(hits(page(wire, f"?{asked}"))) == ids, asked


def test_best_is_another_order_of_one_page(wire: Served) -> None:
    newest, best = hits(page(wire, "?q=power+OR+the")), hits(page(wire, "?q=power+OR+the&order=best"))
    assert set(newest) < set(best)
    assert list(newest) != list(best)[:30]
    with open_existing(wire.paths) as store:
        ranked = store.search(parse("power OR the"), Selection(channel="web", limit=50), ranked=True)
    assert list(best) == [each.id for each in ranked]


def test_pages_follow_each_other(wire: Served) -> None:
    address, found = "?since=2020-01-01", list[str]()
    while address:
        soup = page(wire, address)
        found += hits(soup)
        older = soup.select_one("a[rel=next]")
        address = str(older["href"]).removeprefix("/search") if older else ""
    assert found == listed(wire, Selection(), None)
    assert len(found) > 60
    assert page(wire, "?q=the&before=nothing", 404)


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ("q=%22", "q", "no word"),
        ("q=flood)", "q", "closes no bracket"),
        ("q=titel:<b>", "q", "did you mean"),
        ("q=-flood", "q", "only exclusions"),
        ("publisher=nawra", "publisher", "did you mean nawras"),
        ("kind=governmnt", "kind", "did you mean government"),
        ("language=Frnch", "language", "French"),
        ("topic=economi", "topic", "economy"),
        ("until=yesterday", "until", "nor a date"),
        ("class=<script>", "class", "'<script>' is not known"),
        ("country=Ghana&kind=own", "", "nothing can match"),
    ],
)
def test_what_cannot_be_understood_is_said_beside_its_field(wire: Served, asked: str, field: str, said: str) -> None:
    soup = page(wire, f"?{asked}", 400)
    fault = soup.select_one(f"#{field}-fault" if field else ".notice.bad, .notice")
    assert fault is not None, soup.select_one("main")
    assert said in fault.get_text()
    assert not hits(soup)
    assert not soup.select("main b, main script")
    if field:
        named = soup.select_one(f"#{field}")
        assert named is not None
        assert (named["aria-invalid"], named["aria-describedby"]) == ("true", f"{field}-fault")
        details = soup.select_one("details.filters")
        assert details is not None
        assert details.has_attr("open") == (field != "q")  # it is seen


def test_nothing_found_says_what_to_try(wire: Served) -> None:
    soup = page(wire, "?q=%22power+the%22+ministry&country=GH")
    assert not hits(soup)
    links = [str(each["href"]) for each in soup.select("main .apart a")]
    assert len(links) > 1
    assert all(hits(page(wire, each.removeprefix("/search"))) for each in links[:-1])
    assert links[-1] == "/search?q=%22power+the%22+ministry"


def test_a_search_can_be_followed_as_a_feed(wire: Served) -> None:
    soup = page(wire, "?q=the&country=GH&since=2020-01-01&order=best")
    feed = soup.select_one("link[type='application/atom+xml']")
    assert feed is not None
    assert str(feed["href"]) == "/feeds/search.atom?q=the&country=GH"
    assert wire.get(str(feed["href"])).status_code == 200
    assert not page(wire, "").select("link[type='application/atom+xml'][href^='/feeds/search']")


def test_what_was_typed_is_in_its_field_again_and_does_nothing(wire: Served) -> None:
    typed = "\"><script>alert(1)</script> OR x' onfocus=alert(1)"
    answer = wire.get("/search", cookie="")
    assert answer.status_code == 200
    answer = wire.get("/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E+OR+x%27+onfocus%3Dalert(1)")
    soup = BeautifulSoup(answer.text, "lxml")
    field = soup.select_one("#q")
    assert field is not None
    assert field["value"] == typed
    assert not field.has_attr("onfocus")
    assert "<script>alert" not in answer.text
    robots = soup.select_one("meta[name=robots]")
    assert robots is not None
    assert robots["content"] == "noindex"
