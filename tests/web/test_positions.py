"""Positions side by side: each report in the column of its publisher's kind, on the row of its day, in its own words;
who has none is named; as a page, and as CSV that no spreadsheet runs.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup, Tag
from msgspec.structs import replace

from aggregator.model import Selection
from aggregator.output.csv import table
from aggregator.pipeline.opening import load_config, open_existing
from aggregator.tags.tagging import tag_all
from aggregator.text.dates import utc_now
from aggregator.web.pages.choice import choice
from aggregator.web.pages.columns import COLUMNS, arranged, column_of, whole_days
from aggregator.web.pages.page import Visit
from aggregator.web.pages.positions import ASKED, compared
from aggregator.web.pages.reader import Reader
from aggregator.web.site import Site
from tests.make_database import CONFIG
from tests.releases import released
from tests.web.serving import Served, served

STANCE = "an opposition newspaper <b>& proud</b>"
SOURCE = "https://kumasi-nettle.example/about?a=1&b=2"


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("positions")
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    file = config / "publishers" / "gh" / "kumasi-nettle.toml"
    sound = re.sub(r"(?m)^stance.*\n", "", file.read_text())
    file.write_text(f'stance = "{STANCE}"\nstance_source = "{SOURCE}"\n' + sound)
    with served(folder, config) as found:
        with open_existing(found.paths) as store:
            publishers = {each.key: each for each in load_config(found.paths).publishers}
            waiting = store.to_tag(1_000)
            tags = tag_all([(each.words, publishers[each.publisher].tags, each.languages) for each in waiting])
            store.save_tags(list(zip(waiting, tags, strict=True)), utc_now())
        yield found


def page(wire: Served, asked: str, **headers: str) -> BeautifulSoup:
    answer = wire.get(f"/positions{asked}", **headers)
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.text, "lxml")


def cells(soup: BeautifulSoup) -> Iterator[tuple[str, str, Tag]]:
    """Of every report on the page its day, the heading of its column and itself."""
    headings = [each.get_text(strip=True) for each in soup.select("thead th")]
    for row in soup.select("tbody tr"):
        first, *rest = row.find_all(["th", "td"], recursive=False)
        assert len(rest) == len(headings) - 1
        for heading, cell in zip(headings[1:], rest, strict=True):
            assert cell["data-side"] == heading
            assert cell.select("article") or cell.get_text(strip=True) == "No report"
            for article in cell.select("article"):
                yield first.get_text(strip=True), heading, article


def key_of(article: Tag) -> str:
    link = article.select_one(".publisher a")
    assert link is not None
    return str(link["href"]).removeprefix("/publisher/")


def test_each_report_is_in_the_column_of_its_publisher_on_the_row_of_its_day(wire: Served) -> None:
    config = {each.key: each for each in load_config(wire.paths).publishers}
    with open_existing(wire.paths) as store:
        reports = list(store.reports(Selection(channel="web", countries=("GH", "XA", "KE", "SN"))))
    soup = page(wire, "?country=GH&country=All+of+Africa&country=KE&country=sn")
    found = list(cells(soup))
    shown = [str(article.select_one(".headline a")["href"]) for _, _, article in found]  # type: ignore[index]
    assert sorted(shown) == sorted(f"/report/{each.id}" for each in reports)
    kinds = {config[each.publisher].kind for each in reports}
    assert {"government", "newspaper", "blog", "own"} <= kinds
    for _, heading, article in found:
        assert heading == COLUMNS[column_of(config[key_of(article)].kind)]
    days = list(dict.fromkeys(day for day, _, _ in found))
    assert days == sorted(
        days, key=lambda day: datetime.strptime(day, "%A, %d %B %Y").replace(tzinfo=UTC), reverse=True
    )
    assert len(days) > 1
    assert len(soup.select("h1")) == 1
    assert soup.select_one("table[role=table] thead[role=rowgroup] tr[role=row] th[scope=col]")


def test_the_days_are_those_of_the_reader(wire: Served) -> None:
    of_day = {}
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        soup = page(wire, "?country=GH", cookie=f"zone={zone}")
        of_day[zone] = {day for day, _, _ in cells(soup)}
        for day, _, article in cells(soup):
            assert not article.select("time[data-shape]")  # which a browser would write in its own zone
            moment = datetime.fromisoformat(str(article.select_one("time")["datetime"]))  # type: ignore[index]
            local = moment.astimezone(ZoneInfo(zone))
            assert day == f"{local:%A}, {local.day} {local:%B %Y}"
    assert of_day["Pacific/Kiritimati"] != of_day["Pacific/Pago_Pago"]


def test_who_has_no_report_is_named_once_under_its_kind(wire: Served) -> None:
    soup = page(wire, "?q=tariff*")
    said = {key_of(article) for _, _, article in cells(soup)}
    silent = [str(each["href"]).removeprefix("/publisher/") for each in soup.select("tfoot a[href^='/publisher/']")]
    publishers = [each for each in load_config(wire.paths).publishers if each.kind != "own"]
    assert said
    assert sorted([*silent, *(said - {"tamarind-wire"})]) == sorted({each.key for each in publishers})
    in_country = page(wire, "?q=tariff*&country=GH").select("tfoot a[href^='/publisher/']")
    assert {str(each["href"]).removeprefix("/publisher/") for each in in_country} <= {
        each.key for each in publishers if each.country == "GH"
    }
    in_arabic = page(wire, "?q=tariff*&language=ar").select("tfoot a[href^='/publisher/']")
    assert {str(each["href"]).removeprefix("/publisher/") for each in in_arabic} == {
        each.key for each in publishers if "ar" in each.languages
    }
    nothing = page(wire, "?q=nothingofthiskind")
    assert not list(cells(nothing))
    assert len(nothing.select("tfoot li")) == len(publishers)


def test_only_a_publisher_itself_says_what_it_stands_for(wire: Served) -> None:
    soup = page(wire, "?country=GH")
    for _, _, article in cells(soup):
        stance = article.select_one(".stance")
        assert (stance is not None) == (key_of(article) == "kumasi-nettle")
        if stance is not None:
            assert f"describes itself as “{STANCE}”" in stance.get_text()
            assert [each["href"] for each in stance.select("a")] == [SOURCE]
    assert not soup.select(".stance b")
    of_publisher = BeautifulSoup(wire.get("/publisher/kumasi-nettle").text, "lxml").select(".stance")
    assert [each.get_text() for each in of_publisher] == [f"describes itself as “{STANCE}” (source)"]
    assert not BeautifulSoup(wire.get("/publisher/nawras").text, "lxml").select(".stance")


def test_only_what_the_gate_lets_out_is_shown_and_classes_are_said(wire: Served) -> None:
    with open_existing(wire.paths) as store:
        held = {each.id: each for each in store.reports(Selection())}
    seen = set()
    for asked in ("?country=GH", "?country=SN", "?country=MZ", "?country=CI", "?country=KE"):
        for _, _, article in cells(page(wire, asked)):
            link = article.select_one(".headline a")
            assert link is not None
            report = held[str(link["href"]).removeprefix("/report/")]
            seen.add((report.text_scope, report.item_class))
            if report.text_scope == "headline_only":
                assert not article.select(".opening")
            if report.item_class in ("opinion", "press_release"):
                assert article.select_one(".class")
            if report.url and report.url.startswith("http"):
                assert article.select_one(f"a.original[href='{report.url}']")
    assert {scope for scope, _ in seen} == {"headline_only", "excerpt", "full_text"}
    assert "press_release" in {item_class for _, item_class in seen}


def test_a_subject_may_be_a_topic_a_country_or_words_or_all_of_them(wire: Served) -> None:
    with open_existing(wire.paths) as store:
        reports = [each for each in store.reports(Selection(channel="web")) if each.topics and each.about]
    topic, country = reports[0].topics[0], reports[0].about[0]
    for asked, selection in (
        (f"?topic={topic}", Selection(topics=(topic,))),
        (f"?about={country}", Selection(about=(country,))),
        (f"?about={country}&topic={topic}", Selection(about=(country,), topics=(topic,))),
    ):
        with open_existing(wire.paths) as store:
            expected = {each.id for each in store.reports(replace(selection, channel="web"))}
        links = page(wire, asked).select(".headline a")
        assert {str(each["href"]).removeprefix("/report/") for each in links} == expected != set()
    follow = page(wire, f"?topic={topic}&q=the&since=2020-01-01").select_one("link[type='application/atom+xml']")
    assert follow is not None
    assert str(follow["href"]) == f"/feeds/search.atom?q=the&topic={topic}"
    assert wire.get(str(follow["href"])).status_code == 200


def test_without_a_subject_the_page_says_what_it_is_for_and_offers_some(wire: Served) -> None:
    soup = page(wire, "")
    assert soup.select_one("form[action='/positions'] input[name=q]")
    offered = [str(each["href"]) for each in soup.select("main .section a")]
    assert {each.partition("=")[0] for each in offered} == {"/positions?topic", "/positions?about"}
    for path in (offered[0], offered[-1]):
        assert list(cells(page(wire, path.removeprefix("/positions"))))


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ("q=(flood", "q", "never closed"),
        ("country=Ghan", "country", "GH"),
        ("q=a&topic=econmy", "topic", "economy"),
        ("q=a&since=2026-13-01", "since", "2026-11-22"),
        ("q=a&about=Atlantis", "about", "is no country"),
        ("q=a&since=2026-11-20&until=2026-11-10", "general", "nothing can match"),
    ],
)
def test_what_cannot_be_understood_is_said_beside_its_field(wire: Served, asked: str, field: str, said: str) -> None:
    answer = wire.get(f"/positions?{asked}")
    assert answer.status_code == 400
    soup = BeautifulSoup(answer.text, "lxml")
    fault = soup.select_one(".notice.bad" if field == "general" else f"#{field}-fault")
    assert fault is not None
    assert said in fault.get_text()
    if field != "general":
        named = soup.select_one(f"#{field}")
        assert named is not None
        assert (named["aria-invalid"], named["aria-describedby"]) == ("true", f"{field}-fault")
    assert wire.get(f"/positions.csv?{asked}").status_code == 400


def test_the_same_is_there_as_csv_that_no_spreadsheet_runs(wire: Served) -> None:
    answer = wire.get("/positions.csv?country=GH")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="positions.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    found = list(cells(page(wire, "?country=GH")))
    said = [row for row in rows if row["day"]]
    assert said
    assert [row["id"] for row in said] == [
        str(article.select_one(".headline a")["href"]).removeprefix("/report/")  # type: ignore[index]
        for _, _, article in found
    ]
    assert {row["column"] for row in said} == {heading for _, heading, _ in found}
    assert all(row["publisher_name"] and row["credit"] and row["usage_terms"] and row["disclaimer"] for row in said)
    assert {row["stance"] for row in rows if row["publisher"] == "kumasi-nettle"} == {STANCE}
    silent = list(csv.DictReader(io.StringIO(wire.get("/positions.csv?q=nothingofthiskind").text)))
    assert silent
    assert not [row for row in silent if row["day"] or row["title"]]
    assert wire.get("/positions.csv").status_code == 400


def test_a_headline_that_is_a_formula_is_none_in_csv() -> None:
    for formula in ("=1+1", "+1", "-1", "@x", "\t=1", " =cmd"):
        ((_, cell),) = csv.reader(io.StringIO("".join(table(("a", "b"), [("x", formula)])).partition("\n")[2]))
        assert cell.startswith("'"), formula


# Whole days


def test_a_page_has_whole_days_unless_one_day_fills_it() -> None:
    zone = ZoneInfo("Africa/Nairobi")  # three hours ahead of UTC
    times = [f"2026-11-{day:02}T{hour:02}:00:00Z" for day in (20, 19, 18) for hour in (20, 12)]
    assert whole_days(times, 6, zone) == 6
    assert whole_days(times, 5, zone) == 4
    assert whole_days(times, 4, zone) == 4
    assert whole_days(times, 3, zone) == 2
    assert whole_days(times, 1, zone) == 1
    late = ["2026-11-20T22:00:00Z", "2026-11-20T21:30:00Z", "2026-11-20T20:30:00Z"]  # two are of the 21st there
    assert whole_days(late, 2, zone) == 2
    assert whole_days(late, 2, UTC) == 2
    assert whole_days(late, 1, zone) == 1


def test_pages_follow_each_other_without_a_gap(wire: Served) -> None:
    given = {"country": ("GH", "KE", "XA")}
    for most in (4, 10, 1_000):
        found: list[str] = []
        pages, older = 0, None
        with open_existing(wire.paths) as store:
            expected = [each.id for each in store.reports(Selection(channel="web", countries=given["country"]))]
            while pages == 0 or older:
                asked = {**given, **({"before": (older,)} if older else {})}
                reader = Reader("en", "Africa/Accra", "auto")
                site = Site(wire.paths, utc_now)
                visit = Visit(site, store, utc_now(), reader, "/positions", {}, asked, str, site.config())
                part = compared(visit, choice(visit, ASKED), most)
                found += [each.id for each in part.reports]
                assert part.is_cut <= (len(part.days) == 1)
                pages, older = pages + 1, part.older
        assert found == expected, most
        assert (pages > 1) == (most < len(expected))
    assert wire.get("/positions?country=GH&before=nothing").status_code == 404


def test_nobody_is_named_as_silent_whose_report_another_page_of_the_same_days_has(wire: Served) -> None:
    """Where one day fills several pages, all of them say who has a report on that day."""
    given = {"country": ("GH", "KE", "XA")}
    tried = 0
    for most in (1, 2, 4):
        older = None
        while tried < 40:
            asked = {**given, **({"before": (older,)} if older else {})}
            with open_existing(wire.paths) as store:
                reader, site = Reader("en", "Africa/Accra", "auto"), Site(wire.paths, utc_now)
                visit = Visit(site, store, utc_now(), reader, "/positions", {}, asked, str, site.config())
                part = compared(visit, choice(visit, ASKED), most)
                if not part.days:
                    break
                begin = datetime.combine(part.days[-1].day, datetime.min.time(), reader.timezone())
                end = datetime.combine(part.days[0].day, datetime.min.time(), reader.timezone()) + timedelta(days=1)
                whole = Selection(channel="web", countries=given["country"], since=begin, until=end)
                said = {each.publisher for each in store.reports(whole)}
            silent = {each.key for column in part.columns for each in column.silent}
            assert not said & silent
            tried += len(said) > len({each.publisher for each in part.reports})
            older = part.older
            if older is None:
                break
    assert tried >= 3  # pages that show a part of a day alone


def test_days_keep_the_order_of_lists() -> None:
    one = released("web")[0]
    first = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    reports = [
        replace(one, id=str(n), sort_time=(first - timedelta(hours=n)).isoformat(), publisher_kind=kind)
        for n, kind in enumerate(("newspaper", "government", "blog", "ngo", "agency") * 8)
    ]
    days = arranged(reports, UTC)
    assert [each.day.day for each in days] == [20, 19]
    assert [each.id for day in days for name in COLUMNS for each in day.cells[name] if name == "news"] == [
        each.id for each in reports if each.publisher_kind in ("newspaper", "agency")
    ]
