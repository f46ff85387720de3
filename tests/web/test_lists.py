"""Lists of reports: each has what it says, no more and no less, and is found from the lists of lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from aggregator.desk import acts
from aggregator.model import Cause, Selection
from aggregator.pipeline.opening import open_existing
from aggregator.tags import regions
from aggregator.tags.vocabulary import topics
from aggregator.text.folding import fold
from aggregator.web.pages.writing import count_in
from tests.conftest import scaled, some
from tests.web.serving import Served
from tests.web.tagged import listed, one, page, tagged

GHANA, WEST = ("GH",), tuple(sorted(regions.countries_of("011")))
LISTS = {
    "/latest": Selection(),
    "/own": Selection(groups=("own",)),
    "/opinion": Selection(item_classes=("opinion",)),
    "/documents": Selection(item_classes=("document",)),
    "/class/press-release": Selection(item_classes=("press_release",)),
    "/class/news": Selection(item_classes=("news",)),
    "/kind/government": Selection(kinds=("government",)),
    "/kind/think-tank": Selection(kinds=("think_tank",)),
    "/group/institution": Selection(groups=("institution",)),
    "/country/gh": Selection(about=GHANA),
    "/country/gh?by=publishers": Selection(countries=GHANA),
    "/region/011": Selection(about=WEST),
    "/region/011?by=publishers": Selection(countries=WEST),
    "/region/002?by=publishers": Selection(countries=(*sorted(regions.countries_of("002")), "XA")),
    "/topic/04000000": Selection(topics=("04000000",)),
    "/language/ar": Selection(languages=("ar",)),
    "/language/pt": Selection(languages=("pt",)),
}


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with tagged(tmp_path_factory.mktemp("lists")) as found:
        yield found


def of_the_web(wire: Served, selection: Selection) -> list[str]:
    with open_existing(wire.paths) as store:
        return [each.id for each in store.reports(selection) if "web" in each.channels]


def all_pages(wire: Served, path: str) -> list[str]:
    """The reports of a list, all of its pages."""
    found: list[str] = []
    while True:
        soup = page(wire, path)
        found += listed(soup)
        further = soup.select(".pages a[rel=next]")
        if not further:
            return found
        assert one(soup, "head link[rel=next]")["href"] == further[0]["href"]
        path = str(further[0]["href"])


@pytest.mark.soak
@pytest.mark.parametrize("path", some(LISTS, 9))
def test_a_list_has_the_reports_that_it_says(wire: Served, path: str) -> None:
    found = all_pages(wire, path)
    assert found == of_the_web(wire, LISTS[path])
    assert found
    soup = page(wire, path)
    assert len(one(soup, "h1").get_text()) > 2
    assert one(soup, "title").get_text() == f"{one(soup, 'h1').get_text()} – Tamarind Wire"
    assert len(str(one(soup, "meta[name=description]")["content"])) > 20
    assert one(soup, "link[rel=canonical]")["href"] == f"http://tamarind-wire.example{path}"
    for each in soup.select("article"):
        publisher, headline = one(each, ".publisher"), one(each, ".headline")
        assert headline in publisher.find_next_siblings()
    for feed in soup.select("link[rel=alternate]"):
        assert wire.get(str(feed["href"])).status_code == 200
        assert soup.select(f'.pages a[href="{feed["href"]}"]')
    levels = [int(each.name[1]) for each in soup.select("h1, h2, h3, h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", ["/feeds/region/011.atom", "/feeds/region/002.json", "/feeds/about/gh.rss"])
def test_a_place_has_a_feed_of_what_is_about_it(wire: Served, path: str) -> None:
    about = GHANA if "gh" in path else tuple(sorted(regions.countries_of(path.split("/")[3][:3])))
    said = wire.get(path).text
    newest = of_the_web(wire, Selection(about=about))[:10]
    assert newest
    assert all(each in said for each in newest)
    assert wire.get("/feeds/region/999.atom").status_code == 404


def test_a_place_leads_to_what_is_about_it_and_to_what_comes_from_it(wire: Served) -> None:
    soup = page(wire, "/country/gh")
    links = {str(each["href"]): each for each in soup.select("main nav[aria-label='Other lists'] a")}
    assert list(links) == ["/country/gh", "/country/gh?by=publishers"]
    for path, link in links.items():
        assert one(link, ".count").get_text() == str(len(of_the_web(wire, LISTS[path])))
        assert link.get("aria-current") == ("page" if path == "/country/gh" else None)
    above = [str(each["href"]) for each in soup.select("nav.path a")]
    assert above == ["/region/001", "/region/002", "/region/011"]
    assert "/country/gh" in [str(each["href"]) for each in page(wire, "/region/011").select("nav.narrower a")]


def test_a_topic_leads_to_broader_and_to_narrower_ones(wire: Served) -> None:
    codes = topics_of(wire, of_the_web(wire, Selection()))
    narrow = sorted(code for code in codes if not code.endswith("000000"))
    assert narrow
    soup = page(wire, f"/topic/{narrow[0]}")
    broader = [str(each["href"]) for each in soup.select("nav.path a")]
    assert broader
    assert f"/topic/{narrow[0]}" in [
        str(each["href"]) for each in page(wire, broader[-1]).select("nav.narrower a")
    ]  # only those that have reports


def topics_of(wire: Served, reports: Iterable[str]) -> set[str]:
    with open_existing(wire.paths) as store:
        found = [store.report(each) for each in reports]
    return {code for each in found if each is not None for code in each.topics}


@pytest.mark.parametrize(
    ("index", "selector"),
    [("/countries", "tbody tr"), ("/regions", ".part li"), ("/topics", ".part h2"), ("/languages", ".part li")],
)
def test_an_index_leads_to_every_list_with_its_number_of_reports(wire: Served, index: str, selector: str) -> None:
    soup = page(wire, index)
    entries = soup.select(selector)
    assert len(entries) >= 4
    for entry in entries[:: max(1, len(entries) // scaled(40))]:
        links = [str(each["href"]) for each in entry.select("a")]
        numbers = [each.get_text() for each in entry.select(".count, td")]
        if index == "/countries":
            links = links[1:]
        for path, number in zip(links, numbers, strict=True):
            assert str(len(all_pages(wire, path))) == number, path


def test_lists_are_in_the_order_of_the_readers_alphabet(wire: Served) -> None:
    soup = page(wire, "/countries", cookie="language=fr")
    for part in soup.select(".part"):
        names = [each.get_text() for each in part.select("tbody th")]
        assert names == sorted(names, key=fold)
    east = [each.get_text() for each in soup.select("tbody th") if each.get_text()[0] in "EÉ"]
    assert "Éthiopie" in east


def test_every_kind_of_list_is_found_from_the_latest(wire: Served) -> None:
    links = {str(each["href"]) for each in page(wire, "/latest").select("nav.narrower a")}
    assert {"/group/institution", "/own", "/class/news", "/class/analysis", "/opinion", "/documents"} <= links
    assert "/class/interview" not in links  # there are none
    for path in links:
        assert listed(page(wire, path)), path
    assert "/kind/government" in {
        str(each["href"]) for each in page(wire, "/group/institution").select("nav.narrower a")
    }


def test_a_number_says_where_counting_ends() -> None:
    assert [count_in(each, "en") for each in (0, 9_999, 10_000)] == ["0", "9,999", "10,000+"]
    assert count_in(9_999, "pt") == "9\xa0999"  # as Portugal and Mozambique write it


@pytest.mark.parametrize(
    "path",
    [
        "/country/qq", "/country/gha", "/country/ghana", "/country/x", "/country/%C3%89%C3%89", "/region/999",
        "/region/gh", "/topic/economy", "/topic/0400000", "/topic/99999999", "/language/qqq", "/language/a",
        "/language/" + "a" * 40, "/kind/newspapers", "/group/none", "/class/nothing",
        "/latest?before=nothing", "/country/gh/", "/country/",
    ],
)  # fmt: skip
def test_a_list_that_is_none_is_not_found(wire: Served, path: str) -> None:
    assert wire.get(path, accept="text/html").status_code == 404


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/country/GH", "/country/gh"), ("/country/Gh?by=publishers&utm_source=x", "/country/gh?by=publishers"),
        ("/language/PT-MZ", "/language/pt-mz"), ("/kind/think_tank", "/kind/think-tank"),
        ("/class/NEWS", "/class/news"), ("/class/opinion", "/opinion"), ("/class/document", "/documents"),
        ("/kind/own", "/own"), ("/group/own", "/own"), ("/country/xa", "/region/002"), ("/country/xw", "/region/001"),
    ],
)  # fmt: skip
def test_a_list_has_one_address(wire: Served, path: str, to: str) -> None:
    answer = wire.get(path, accept="text/html")
    assert (answer.status_code, answer.headers["location"]) == (301, to)
    assert wire.get(to).status_code == 200


def test_a_list_without_reports_says_so_and_leads_on(wire: Served) -> None:
    unused = next(code for code in topics() if not of_the_web(wire, Selection(topics=(code,))))
    for path in ("/country/fj", "/language/mi", f"/topic/{unused}", "/region/054?by=publishers"):
        soup = page(wire, path)
        assert listed(soup) == []
        assert one(soup, ".empty a")["href"] == "/latest"


@pytest.mark.parametrize("path", ["/country/gh", "/country/gh?by=publishers", "/topic/04000000"])
def test_a_list_of_a_subject_leads_to_it_side_by_side(wire: Served, path: str) -> None:
    link = one(page(wire, path), "main a[href^='/positions?']")
    compared = page(wire, str(link["href"]))
    ids = {str(each["href"]).removeprefix("/report/") for each in compared.select(".sides .headline a")}
    assert ids
    assert ids <= set(of_the_web(wire, LISTS[path]))
    assert not page(wire, "/country/fr").select("main a[href^='/positions']")  # nothing to compare


def test_search_engines_are_kept_from_what_publishers_keep_from_them(wire: Served) -> None:
    """The wire of the tests has publishers of both kinds."""
    seen = set()
    for path in LISTS:
        soup, answer = page(wire, path), wire.get(path)
        with open_existing(wire.paths) as store:
            index = {each.rights.index for each in store.to_release(listed(soup))}
        assert bool(soup.select("meta[name=robots][content=noindex]")) == ("noindex" in index), path
        assert answer.headers.get("tdm-reservation") in ("1", None)
        seen.add("noindex" in index)
    assert seen == {True, False}


def test_what_is_withheld_is_in_no_list_and_in_no_number(tmp_path: Path) -> None:
    with tagged(tmp_path) as wire:
        with_it = ("/country/gh", "/region/011", "/latest", "/country/gh?by=publishers")
        before = {path: listed(page(wire, path)) for path in with_it}
        report = before["/country/gh"][0]
        with open_existing(wire.paths) as store:
            acts.withhold(store, report, Cause(actor="person:ama", reason="a mistake"), wire.now[0])
        for path, ids in before.items():
            after = listed(page(wire, path))
            assert report not in after
            assert set(after) >= {*ids} - {report}, path
        number = str(len(before["/country/gh"]) - 1)
        assert page(wire, "/country/gh").select("main nav .count")[0].get_text() == number
        assert report not in wire.get("/").text


def test_regions_are_a_tree_of_all_countries() -> None:
    everywhere = [country for code in regions.regions() for country in regions.regions()[code] if country.isalpha()]
    assert len(everywhere) == len(set(everywhere)) == len(regions.countries_of("001"))
    assert len(everywhere) > 240
    assert regions.with_wider("011") == ("011", "002", "001")
    assert regions.around(["ML", "GH", "FR"]) == ("011", "002", "001", "155", "150")
    assert (regions.region_of("XA"), regions.region_of("XW"), regions.region_of("ZZ")) == ("002", "001", None)
    assert "XA" in regions.publishers_in("002")
    assert "XA" not in regions.publishers_in("011")
    assert {"XA", "XW"} <= {*regions.publishers_in("001")}
