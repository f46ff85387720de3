"""A report's page, its versions, and what stands in its place: over one served wire, as a browser reads them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup, Tag
from msgspec.structs import replace

from aggregator.desk import acts, joins, purging
from aggregator.desk.outgoing import outlet, releases
from aggregator.model import Category, Cause, Entry, Link, Media, Origin, Person, Selection, Text
from aggregator.model.release import Release
from aggregator.output import beside
from aggregator.pipeline.opening import load_config, open_existing, open_wire, read_store
from aggregator.text.dates import to_iso
from tests.conftest import SOAK, make_articles, make_poll, record, record_polls, some, with_tags
from tests.databases import upgraded
from tests.output.vectors import MARKUP, TEXT
from tests.web.serving import Served, served
from tests.web.tagged import tagged

BECAUSE = Cause(actor="person:ama", reason="a mistake")
UNKNOWN = "0000000000000000"
Read = Mapping[str, tuple[httpx.Response, BeautifulSoup]]  # pages by the id of their report


def newest(folder: Path) -> Path:
    """A folder with a database that has pictures."""
    (folder / "wire.db").write_bytes(upgraded("0.8.0"))
    return folder


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with tagged(tmp_path_factory.mktemp("reports")) as found:
        yield found


@pytest.fixture(scope="module")
def out(wire: Served) -> Mapping[str, Release]:
    """All that leaves by pages, by id."""
    return let_out(wire)


@pytest.fixture(scope="module")
def read(wire: Served, out: Mapping[str, Release]) -> Read:
    """The page of each of them (in `make test` of every other one), asked for once and read."""
    answers = {id_: wire.get(f"/report/{id_}") for id_ in some(out, 33)}
    return {id_: (answer, BeautifulSoup(answer.text, "lxml")) for id_, answer in answers.items()}


def let_out(wire: Served) -> dict[str, Release]:
    with read_store(wire.paths, wire.now[0]) as store:
        ids = [each.id for each in store.reports(Selection(limit=1_000))]
        by = outlet(store, "web", wire.now[0])
        found = releases(store, load_config(wire.paths).wire, ids, by)
        return {each.id: each for each in found if isinstance(each, Release)}


def page(wire: Served, path: str, status: int = 200, **headers: str) -> BeautifulSoup:
    answer = wire.get(path, **headers)
    assert answer.status_code == status, path
    return BeautifulSoup(answer.text, "lxml")


def one(soup: BeautifulSoup, selector: str) -> Tag:
    found = soup.select(selector)
    assert len(found) == 1, selector
    return found[0]


def said(soup: BeautifulSoup | Tag) -> str:
    return " ".join(soup.get_text(" ").split())


@pytest.mark.soak
def test_all_that_must_stand_beside_a_report_stands_there_in_order(out: Mapping[str, Release], read: Read) -> None:
    scopes, classes, languages = set(), set(), set()
    for id_, (answer, soup) in read.items():
        each = out[id_]
        assert answer.status_code == 200
        article = one(soup, "article.report")
        text = said(article)
        scopes.add(each.scope), classes.add(each.item_class), languages.add(each.language)
        place = 0
        for words in (
            beside.publisher(each),
            beside.headline(each),
            *([each.byline] if each.byline else []),
            *(picture.disclaimer for picture in each.pictures),
            *(line for line in each.text.splitlines()[:1] if each.scope == "excerpt"),
        ):
            place = text.find(" ".join(words.split()), place)
            assert place != -1, (each.id, words)
        for words in (each.credit, *each.disclaimers, beside.rights(each, "Tamarind Wire"), each.id):
            assert " ".join(words.split()) in text, (each.id, words)
        assert each.corrections_contact in text
        assert one(soup, "h1") is not None
        links = [a["href"] for a in article.select("a")]
        assert f"/complain/{each.id}" in links
        assert f"/report/{each.id}/take" in links
        assert (each.url in links) == (each.url is not None)
        assert (f"/report/{each.id}/versions" in links) == (each.revision > 1 and each.scope == "full_text")
    assert scopes == {"full_text", "excerpt", "headline_only"}
    assert {"news", "opinion", "press_release", "document"} <= classes
    assert {"en", "fr", "ar", "am", "sw", "pt"} <= languages


@pytest.mark.soak
def test_what_is_said_to_machines_follows_the_rights(out: Mapping[str, Release], read: Read) -> None:
    for id_, (answer, soup) in read.items():
        each = out[id_]
        robots = soup.select("meta[name=robots]")
        assert [tag["content"] for tag in robots] == (["noindex"] if each.index == "noindex" else [])
        canonical = {"publisher": each.url}.get(each.canonical, f"/report/{each.id}")
        assert [
            str(tag["href"]).removeprefix("http://tamarind-wire.example") for tag in soup.select("link[rel=canonical]")
        ] == ([canonical] if canonical else [])
        reserved = "1" if beside.is_reserved(each) else "0"
        assert one(soup, "meta[name=tdm-reservation]")["content"] == answer.headers["tdm-reservation"] == reserved
        assert [tag["href"] for tag in soup.select("link[rel=license]")] == (
            [beside.linked_rights(each)] if beside.linked_rights(each) else []
        )
        data = json.loads(one(soup, "script[type='application/ld+json']").string or "")
        assert data["@type"] == "NewsArticle"
        assert data["publisher"]["name"] == each.publisher_name
        assert data["sdPublisher"]["name"] == "Tamarind Wire"
        assert "articleBody" not in data
        assert ("correction" in data) == each.corrected
        title = one(soup, "meta[property='og:title']")["content"]
        assert str(title).endswith(beside.headline(each))
        assert not soup.select("meta[property='og:image'], meta[property='og:description']")


@pytest.mark.soak
def test_a_page_loads_pictures_from_elsewhere_only_as_rights_demand(out: Mapping[str, Release], read: Read) -> None:
    hosts = set()
    for id_, (answer, soup) in read.items():
        each = out[id_]
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
        allowed = set(policy["img-src"].split()) - {"'self'"}
        shown = [str(tag["src"]) for tag in soup.select("img")]
        elsewhere = {"/".join(src.split("/")[:3]) for src in shown if not src.startswith("/")}
        assert elsewhere == allowed, each.id
        hosts |= elsewhere
    assert hosts


def test_a_report_goes_in_the_direction_of_its_language(wire: Served, out: Mapping[str, Release]) -> None:
    arabic = next(each for each in out.values() if each.language == "ar")
    for interface, expected in (("en", "ltr"), ("ar", "rtl")):
        soup = page(wire, f"/report/{arabic.id}", accept_language=interface)
        assert one(soup, "html")["dir"] == expected
        assert one(soup, "h1")["dir"] == one(soup, ".words")["dir"] == "rtl"
        assert one(soup, "h1")["lang"] == one(soup, ".words")["lang"] == "ar"
        assert one(soup, ".rights")["dir"] == "ltr"


@pytest.mark.soak
def test_tags_name_the_words_that_say_so_as_far_as_those_leave(out: Mapping[str, Release], read: Read) -> None:
    quoted = 0
    for each in (out[id_] for id_ in read if out[id_].topics or out[id_].about):
        _, soup = read[each.id]
        links = {str(a["href"]) for a in soup.select(".report-side a")}
        assert {f"/topic/{code}" for code in each.topics} | {f"/country/{code.lower()}" for code in each.about} <= links
        words = " ".join((each.headline, each.text, *each.categories))
        for evidence in soup.select(".evidence q"):
            assert evidence.get_text() in words, each.id
            quoted += 1
    assert quoted > len(read)


def test_other_reports_stand_at_the_end_and_this_one_is_not_among_them(
    wire: Served, out: Mapping[str, Release]
) -> None:
    several = next(
        each for each in out.values() if sum(other.publisher == each.publisher for other in out.values()) > 2
    )
    soup = page(wire, f"/report/{several.id}")
    links = [str(a["href"]) for a in soup.select(".others .headline a")]
    assert links
    assert f"/report/{several.id}" not in links


def test_an_id_is_exact(wire: Served, out: Mapping[str, Release]) -> None:
    id_ = next(iter(out))
    for path in (id_[:8], id_.upper(), id_ + ".html", UNKNOWN, "%00", "..%2Fetc", "<script>"):
        assert wire.get(f"/report/{path}").status_code == 404


def test_what_left_has_its_notice_and_no_word_of_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with served(newest(tmp_path_factory.mktemp("gone"))) as own:
        out = let_out(own)
        pairs: dict[str, list[str]] = {}
        for each in out.values():
            pairs.setdefault(each.publisher, []).append(each.id)
        kept, joined = next(ids for ids in pairs.values() if len(ids) > 3)[:2]
        ids = [each for each in out if each not in (kept, joined)][:5]
        withdrawn, withheld, legal, embargoed, purged = ids
        with open_existing(own.paths) as store:
            now = own.now[0]
            acts.withdraw(store, withdrawn, BECAUSE, now)
            acts.withhold(store, withheld, BECAUSE, now)
            acts.withhold(store, legal, replace(BECAUSE, reference="Case 9/26"), now, legal=True)
            acts.embargo(store, embargoed, now + timedelta(hours=1), BECAUSE, now)
            purging.purge(store, [purged], BECAUSE, now)
            joins.join(store, kept, joined, BECAUSE, now)
        statuses = {withdrawn: 410, purged: 410, withheld: 404, legal: 451}
        for id_, status in statuses.items():
            for path in (f"/report/{id_}", f"/report/{id_}/versions"):
                soup = page(own, path, status)
                text = said(one(soup, "main"))
                assert beside.publisher(out[id_]) in text
                assert (out[id_].headline or "???") not in str(soup)
                assert not soup.select("script[type='application/ld+json']")
                assert one(soup, "meta[name=robots]")["content"] == "noindex"
                assert one(soup, "main time") is not None
        assert own.get(f"/report/{legal}").headers["link"] == '<http://tamarind-wire.example/>; rel="blocked-by"'
        assert "Case 9/26" in said(page(own, f"/report/{legal}", 451))
        for rest in ("", "/versions"):
            # Compressed, the one page may have another length than the other, because its id is another one.
            unknown, hidden = (
                own.get(f"/report/{each}{rest}", accept_encoding="identity") for each in (UNKNOWN, embargoed)
            )
            assert hidden.status_code == unknown.status_code == 404
            assert hidden.text.replace(embargoed, UNKNOWN) == unknown.text
            assert _fixed(hidden.headers) == _fixed(unknown.headers)
            moved = own.get(f"/report/{joined}{rest}")
            assert (moved.status_code, moved.headers["location"]) == (301, f"/report/{kept}{rest}")
        shown = own.get(f"/report/{kept}").text
        assert all(f"/report/{id_}" not in shown for id_ in (*ids, joined))


def _fixed(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "date"}


def test_versions_say_word_by_word_what_changed_in_every_script(wire: Served, out: Mapping[str, Release]) -> None:
    languages = set()
    for each in (each for each in out.values() if each.revision > 1):
        if each.scope != "full_text":
            assert wire.get(f"/report/{each.id}/versions").status_code == 403
            continue
        soup = page(wire, f"/report/{each.id}/versions?whole=yes")
        assert one(soup, "meta[name=robots]")["content"] == "noindex"
        assert len(soup.select(".version")) == each.revision
        assert each.credit in said(soup)
        for unseen in soup.select(".unseen"):
            unseen.extract()
        newest = soup.select(".version")[0]
        for name, words in (("Text", each.text), ("Headline", each.headline)):
            label = next((tag for tag in newest.select("h3") if tag.get_text() == name), None)
            if label is not None:
                difference = label.find_next_sibling("div")
                assert difference is not None
                assert difference.select("ins, del")
                for gone in difference.select("del"):
                    gone.extract()
                assert difference.get_text().split() == words.split()
                languages.add(each.language)
                assert difference["lang"] == each.language
                assert difference["dir"] == ("rtl" if each.language == "ar" else "ltr")
    assert {"en", "ar", "fr", "sw"} <= languages


def test_two_versions_are_compared_and_long_unchanged_runs_are_folded(wire: Served, out: Mapping[str, Release]) -> None:
    three = next(each for each in out.values() if each.revision > 2 and each.scope == "full_text")
    address = f"/report/{three.id}/versions"
    assert len(page(wire, address).select("form.compare option")) == 2 * three.revision
    one_way, other_way = (page(wire, f"{address}?from={a}&to={b}") for a, b in ((1, 3), (3, 1)))
    assert said(one(one_way, ".version")) == said(one(other_way, ".version"))
    assert one_way.select(".version ins")
    folded = one_way.select(".version details")
    whole = page(wire, f"{address}?from=1&to=3&whole=yes")
    assert not whole.select(".version details")
    for each in folded:
        one(each, "summary").extract()
        assert len(each.get_text().split()) > 30
        assert each.get_text().strip() in " ".join(whole.get_text().split()) or "\n" in each.get_text()
    assert said(page(wire, f"{address}?from=2&to=2")).count("Their words are the same") == 1
    for wrong in ("from=1", "from=1&to=4", "from=0&to=1", "from=x&to=%00"):
        assert wire.get(f"{address}?{wrong}").status_code == 404


def test_a_long_report_of_many_versions_makes_no_endless_page(tmp_path: Path) -> None:
    """One of 20,000 words in one paragraph, of which every other one changed each time."""
    with served(newest(tmp_path)) as own:
        config = load_config(own.paths)
        publisher = next(each for each in config.publishers if each.key == "mbalawe-commission")
        with open_wire(own.paths, config, own.now[0]) as store:
            for version in range(4):
                words = " ".join(f"mot{n}" if n % 2 else f"mot{n}v{version}" for n in range(20_000))
                entry = Entry(
                    id="long", title=Text("Le très long rapport"), content=(Text(f"<p>{words}</p>"),),
                    links=(Link("http://mbalawe-commission.example/long"),), published=to_iso(own.now[0]),
                )  # fmt: skip
                record(store, publisher, entry, now=own.now[0] + timedelta(hours=version))
        own.now[0] += timedelta(hours=12)
        long = next(each for each in let_out(own).values() if each.headline == "Le très long rapport")
        address = f"/report/{long.id}/versions"
        shown = page(own, address).select(".version")
        assert len(shown) == long.revision == 4
        assert [bool(each.select_one("ins")) for each in shown] == [True, True, False, False]
        led = str(one(shown[2], "a")["href"])
        assert led == f"{address}?from=1&to=2"
        assert own.get(led).text.count("<ins>") > 100


def hostile(number: int, vector: str, version: int, published: str) -> Entry:
    """An entry that has it in every field which a publisher fills in."""
    words = f"{vector} {version}"
    return Entry(
        id=f"vector-{number}",
        title=Text(words, "text/plain" if number % 2 else "text/html"),
        summary=Text(words),
        content=(Text(f"<p>BAMAKO (AFP) - {words}</p><h1>{vector}</h1><h4>deep</h4><p>Long ago. {vector}</p>"),),
        links=(
            Link(f"http://mbalawe-commission.example/{number}"),
            Link(vector),
            Link(vector, rel="license"),
        ),
        authors=(Person(vector, vector, vector),),
        categories=(Category(vector, vector, vector), Category("Floods")),
        published=published,
        language=vector if number % 3 else "nqo",
        origin=Origin(name=vector, url=vector),
        media=(
            Media(
                url=f"http://mbalawe-commission.example/{number}.jpg",
                medium="image",
                type=vector,
                width=400,
                height=300,
                caption=Text(vector),
                credit=vector,
                copyright=vector,
                alt=vector,
                language=vector,
            ),
            Media(url=vector, medium="image", caption=Text(vector)),
        ),
    )


@pytest.mark.soak
def test_nothing_that_a_publisher_wrote_is_active(tmp_path: Path) -> None:
    vectors = (*MARKUP, *TEXT)[:: 1 if SOAK else 40]
    with served(newest(tmp_path)) as own:
        config = load_config(own.paths)
        publisher = next(each for each in config.publishers if each.key == "mbalawe-commission")
        with open_wire(own.paths, config, own.now[0]) as store:
            for version in (1, 2):
                at = to_iso(own.now[0])
                entries = [hostile(number, vector, version, at) for number, vector in enumerate(vectors)]
                for first in range(0, len(entries), 100):  # of a longer document some would be in no list
                    record(store, publisher, *entries[first : first + 100], now=own.now[0] + timedelta(seconds=version))
            own.now[0] += timedelta(minutes=1)
            ids = [each.id for each in store.reports(Selection(publishers=(publisher.key,), limit=1_000))]
        found = 0
        for id_ in ids:
            for path in (f"/report/{id_}", f"/report/{id_}/versions?whole=yes", f"/report/{id_}/take"):
                answer = own.get(path)
                if answer.status_code == 403:
                    continue
                assert answer.status_code == 200
                found += 1
                nothing_is_active(answer.text, path)
        assert found > 2 * len(vectors)


def nothing_is_active(html: str, path: str) -> None:
    soup = BeautifulSoup(html, "lxml")
    for element in soup.find_all(True):
        assert element.name not in ("iframe", "object", "embed", "style", "svg", "math", "base", "video", "audio"), path
        if element.name == "script":
            assert set(element.attrs) in ({"type"}, {"src", "defer"}), path
        for name, value in element.attrs.items():
            assert not name.startswith("on"), (path, name)
            assert name not in ("style", "srcdoc", "formaction", "autofocus"), (path, name)
            if name in ("href", "src", "action", "cite"):
                assert re.match(r"(https?://[^/@\s]+([/?#]|$)|mailto:|/(?!/)|#)", str(value)), (path, value)
    for script in soup.select("script[type='application/ld+json']"):
        assert json.loads(script.string or "")
    assert len(soup.find_all("h1")) == len(soup.find_all("main")) == len(soup.find_all("title")) == 1
    levels = [int(each.name[1]) for each in soup.select("h1, h2, h3, h4, h5, h6")]
    assert all(after <= before + 1 for before, after in pairwise(levels)), (path, levels)


def test_a_report_in_nko_goes_from_right_to_left(tmp_path: Path) -> None:
    words = "ߖߊ߬ߡߊ߬ߣߊ ߞߎ߲߬ߓߊ"
    with served(newest(tmp_path)) as own:
        config = load_config(own.paths)
        publisher = next(each for each in config.publishers if each.key == "mbalawe-commission")
        text = f"<p>{words} ߸ {words}</p>"
        entry = Entry(
            id="nko", title=Text(words), content=(Text(text),), language="nqo",
            links=(Link("http://mbalawe-commission.example/nko"),),
        )  # fmt: skip
        later = replace(entry, content=(Text(f"{text}<p>{words} 2026</p>"),))
        with open_wire(own.paths, config, own.now[0]) as store:
            for now, each in ((own.now[0], entry), (own.now[0] + timedelta(minutes=1), later)):
                articles = tuple(with_tags(one, language="nqo") for one in make_articles(publisher, each))
                record_polls(store, [(make_poll(publisher.sources[0], now), articles)], now)
            id_ = next(each.id for each in store.reports(Selection(limit=100)) if each.title == words)
        own.now[0] += timedelta(minutes=2)
        soup = page(own, f"/report/{id_}")
        for selector in ("h1", ".words", ".report-head"):
            assert one(soup, selector)["dir"] == "rtl"
        assert one(soup, ".words")["lang"] == "nqo"
        assert one(page(own, f"/report/{id_}/versions"), ".difference:has(ins)")["dir"] == "rtl"
