"""The front page, how all pages look, and what a reader may choose."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import pytest
from bs4 import BeautifulSoup
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.model import Cause, Report, Selection
from aggregator.model.release import Picture, Release
from aggregator.pipeline.opening import load_config, open_existing, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.web.answers import Answers
from aggregator.web.pages.lists import List
from aggregator.web.pages.page import Page
from aggregator.web.pages.preferences import local_path
from aggregator.web.pages.reader import Interface, Reader
from aggregator.web.pages.rows import Rows
from aggregator.web.pages.serving import Pages
from aggregator.web.pages.shares import in_rounds, in_sections
from aggregator.web.pages.writing import environment
from aggregator.web.site import Site
from tests.make_database import CONFIG
from tests.releases import released
from tests.web.serving import Served, served
from tests.web.tagged import listed, one, page, tagged

STYLES = {each.name: each.read_text("utf-8") for each in (files("aggregator.web") / "static").iterdir()}
CSS = STYLES["wire.css"]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with tagged(tmp_path_factory.mktemp("front")) as found:
        yield found


# What stands where


def test_every_report_stands_below_its_publisher_and_in_its_language(wire: Served) -> None:
    soup = page(wire, "/")
    articles = soup.select("article")
    assert len(articles) > 20
    with open_existing(wire.paths) as store:
        for article in articles:
            headline = one(article, ".headline")
            report = store.report(str(one(headline, "a")["href"]).rpartition("/")[2])
            assert report is not None
            publisher = one(article, ".publisher")
            assert publisher.find_next_sibling(class_="headline") is headline
            assert publisher.get_text() == f"{report.publisher_name} ({report.publisher_place})"
            assert one(publisher, "a")["href"] == f"/publisher/{report.publisher}"
            assert headline.get("lang") == report.language
            expected = "rtl" if report.language == "ar" else "ltr"
            assert headline["dir"] == article["dir"] == expected
    assert {str(each["lang"]) for each in soup.select(".headline[lang]")} >= {"en", "fr", "sw", "ar", "am"}


def test_no_report_is_twice_at_the_top_and_opinion_and_documents_are_apart(wire: Served) -> None:
    soup = page(wire, "/")
    top = soup.select(".front article")
    ids = [str(one(each, ".headline a")["href"]).rpartition("/")[2] for each in top]
    assert len(ids) == len(set(ids)) == 16
    with open_existing(wire.paths) as store:
        reports = [store.report(each) for each in ids]
        assert {report.item_class for report in reports if report} <= {"news", "analysis", "interview"}
        opinion = [store.report(each) for each in listed_in(soup, ".opinions")]
        assert opinion
        assert {report.item_class for report in opinion if report} == {"opinion"}
    assert not set(ids) & {*listed_in(soup, ".opinions"), *listed_in(soup, ".apart")}


def listed_in(soup: object, selector: str) -> list[str]:
    return [str(each["href"]).rpartition("/")[2] for each in soup.select(f"{selector} .headline a")]  # type: ignore[attr-defined]


def test_what_is_withheld_leaves_the_front_page_and_comes_back(tmp_path: Path) -> None:
    because = Cause(actor="person:ama", reason="a mistake")
    with tagged(tmp_path) as wire:
        first = page(wire, "/")
        report = listed_in(first, ".front")[0]
        with open_existing(wire.paths) as store:
            acts.withhold(store, report, because, wire.now[0])
        after = wire.get("/").text
        assert report not in after
        with open_existing(wire.paths) as store:
            acts.restore(store, report, because, wire.now[0])
        assert listed(page(wire, "/")) == listed(first)


def test_the_front_page_goes_on_in_the_list(wire: Served) -> None:
    last = listed(page(wire, "/latest"))[9]
    assert listed(page(wire, f"/?before={last}")) == listed(page(wire, f"/latest?before={last}"))


def report(number: int, publisher: str, topics: tuple[str, ...] = ()) -> Report:
    text = {name: "" for name in Report.__struct_fields__ if name not in ("channels", "topics", "about")}
    made = Report(**text, channels=("web",))  # type: ignore[arg-type]
    return replace(made, id=str(number), publisher=publisher, topics=topics)


def test_who_publishes_much_has_no_more_of_the_top_than_who_publishes_little() -> None:
    reports = [report(number, "busy") for number in range(40)]
    reports[10] = report(10, "quiet")
    reports[30] = report(30, "rare")
    chosen = in_rounds(reports, 5)
    assert [each.id for each in chosen] == ["0", "1", "2", "10", "30"]  # in the order of time
    assert [each.id for each in in_rounds(reports, 5, 1)] == ["0", "10", "30"]
    assert [each.id for each in in_rounds(reports[:9], 5)] == ["0", "1", "2", "3", "4"]  # nobody else has anything
    assert in_rounds([], 5) == ()


def test_a_section_is_of_several_publishers_and_a_report_of_one_section() -> None:
    reports = [report(number, "busy", ("sport",)) for number in range(9)]
    reports += [report(number, "other", ("sport", "health")) for number in (20, 21)]
    reports += [report(number, "third", ("health",)) for number in (30, 31)] + [report(35, "fourth", ("health",))]
    reports += [report(number, "alone", ("weather",)) for number in range(40, 60)]
    found = in_sections(reports, lambda each: each.topics, 3, 4)
    assert [section for section, _ in found] == ["sport", "health"]  # that on weather is of one publisher alone
    sport, health = (these for _, these in found)
    assert [each.publisher for each in sport] == ["busy", "busy", "other", "other"]
    assert [each.id for each in health] == ["30", "31", "35"]


# How pages look


def properties(block: str) -> dict[str, str]:
    return dict(re.findall(r"(--[a-z0-9-]+):\s*(#[0-9a-f]{3,6})\s*;", block))


def light_and_dark() -> tuple[dict[str, str], ...]:
    """The colours of the light theme, and of the dark one as the browser asks for it and as the reader chose it."""
    begins = (":root {", ':root:not([data-theme="light"]) {', ':root[data-theme="dark"] {')
    rest = [CSS[CSS.index(begin) :] for begin in begins]
    return tuple(properties(each[: each.index("}")]) for each in rest)


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(each * 2 for each in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_what_is_written_can_be_read_in_light_and_dark() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21)
    light, asked, chosen = light_and_dark()
    assert asked == chosen  # as the browser asks for it and as the reader chose it
    assert light.keys() == asked.keys() >= {"--paper", "--ink", "--link", "--accent", "--quiet", "--bad"}
    behind = ("--paper", "--tint", "--opinion")
    words = ("--ink", "--quiet", "--link", "--accent", "--good", "--warn", "--bad")
    for theme in (light, asked):
        for under in behind:
            for word in words:
                assert contrast(theme[word], theme[under]) >= 4.5, (word, under, theme[word], theme[under])
            for line in ("--edge", "--chart", "--chart-2"):  # WCAG 2.2, 1.4.11
                assert contrast(theme[line], theme[under]) >= 3, (line, under)
        for under in ("--mark", "--added", "--removed"):
            assert contrast(theme["--ink"], theme[under]) >= 4.5, under
        assert contrast(theme["--on-accent"], theme["--accent"]) >= 4.5
        assert contrast(theme["--paper"], theme["--ink"]) >= 4.5


@pytest.mark.parametrize("name", [name for name in STYLES if name.endswith(".css")])
def test_styles_know_no_left_and_right_and_ask_no_other_host(name: str) -> None:
    rules = re.sub(r"/\*.*?\*/", "", STYLES[name], flags=re.DOTALL)
    physical = r"(?<![\w-])(?:(?:margin|padding|border)-(?:left|right)|left|right|float:\s*(?:left|right))\s*[:;]"
    assert re.findall(physical, rules) == []
    assert re.findall(r"text-align:\s*(?:left|right)", rules) == []
    assert re.findall(r"@import|@font-face|url\(|https?:", rules) == []
    used = set(re.findall(r"var\((--[a-z0-9-]+)", rules)) - set(re.findall(r"(--[a-z0-9-]+):", rules))
    assert used <= set(re.findall(r"(--[a-z0-9-]+):", CSS))
    if name != "wire.css":
        rules = re.sub(r"var\([^()]*\)", "", rules)
        assert re.findall(r"#[0-9a-f]{3,8}\b(?=[^{}]*;)|\brgba?\(|\bhsla?\(", rules) == []


def test_fonts_are_named_by_script_and_fall_back_to_those_of_the_system() -> None:
    found = re.findall(r":where\(([^{]*?)\) \{[^}]*?--serif: ([^;]*);\s*--sans: ([^;]*);", CSS)
    by_script = {languages: (serif, sans) for languages, serif, sans in found}
    for language, font in (("ar", "Noto Naskh Arabic"), ("am", "Noto Serif Ethiopic"), ("nqo", "Noto Sans NKo")):
        (serif,) = [serif for languages, (serif, _) in by_script.items() if f":lang({language})" in languages]
        assert font in serif
    for stacks in by_script.values():
        for stack in stacks:
            assert stack.rsplit(",", 1)[-1].strip() in ("serif", "sans-serif", "var(--serif)")
    (usual,) = [serif for languages, (serif, _) in by_script.items() if ":root" in languages]
    assert all(font in usual for font in ("Noto Naskh Arabic", "Noto Serif Ethiopic", "Noto Sans NKo"))


# What a reader may choose


def choose(wire: Served, **fields: str) -> httpx.Response:
    return httpx.post(f"{wire.address}/preferences", data=fields, timeout=30, verify=False)


def test_what_is_chosen_is_kept_and_leads_back(wire: Served) -> None:
    answer = choose(wire, language="ar", zone="Africa/Nairobi", theme="dark", back="/country/gh?by=publishers")
    assert (answer.status_code, answer.headers["location"]) == (303, "/country/gh?by=publishers")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 3
    for cookie in cookies:
        assert {"httponly", "path=/", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}
    kept = "; ".join(cookie.partition(";")[0] for cookie in cookies)
    html = one(page(wire, answer.headers["location"], cookie=kept), "html")
    assert (html["lang"], html["dir"], html["data-theme"], html.get("data-zone")) == ("ar", "rtl", "dark", None)
    preferences = page(wire, "/preferences", cookie=kept)
    chosen = {str(each.get("value")) for each in preferences.select("main [checked], main [selected]")}
    assert chosen == {"ar", "dark", "Africa/Nairobi"}


def test_times_are_in_the_zone_that_was_chosen(wire: Served) -> None:
    usual = page(wire, "/latest")
    nairobi = page(wire, "/latest", cookie="zone=Africa/Nairobi")
    assert "East Africa Time (UTC+03:00)" in one(nairobi, "#zone").get_text()
    assert one(usual, "html")["data-zone"] == "UTC"
    moments = [str(each["datetime"]) for each in nairobi.select("article time")]
    assert moments == [str(each["datetime"]) for each in usual.select("article time")]
    for moment, shown in zip(moments, nairobi.select("article time"), strict=True):
        there = datetime.fromisoformat(moment).astimezone(ZoneInfo("Africa/Nairobi"))
        assert shown.get_text().endswith(f"{there:%H:%M}")


def test_days_are_written_as_the_language_does() -> None:
    now, moment = datetime(2027, 1, 2, tzinfo=UTC), datetime(2026, 11, 9, 7, 5, tzinfo=UTC)
    for language, shape, expected in (
        ("en", "medium", "9 November 2026, 07:05"),
        ("en", "short", "9 November 2026, 07:05"),  # of another year
        ("fr", "medium", "9 novembre 2026, 07:05"),
        ("pt", "medium", "9 de novembro de 2026, 07:05"),
        ("ar", "medium", "9 نوفمبر 2026، 07:05"),
        ("sw", "day", "9 Novemba 2026"),
        ("fr", "time", "07:05"),
    ):
        assert when(language, shape, moment, now) == expected
    assert when("fr", "short", moment, moment) == "07:05"
    assert when("pt", "short", moment, datetime(2026, 12, 1, tzinfo=UTC)) == "9 de novembro, 07:05"


def when(language: Interface, shape: str, moment: datetime, now: datetime) -> str:
    out = replace(next(iter(released("web"))), sort_time=moment.isoformat())
    values = {"report": out, "shape": shape, "now": now}
    made = environment(language).from_string("{{ report.sort_time|when(shape) }}")
    return BeautifulSoup(made.render(reader=Reader(language, "UTC", "auto"), **values), "lxml").get_text()


def test_a_choice_that_is_none_is_refused(wire: Served) -> None:
    for fields in ({"language": "tlh"}, {"zone": "Africa/../etc"}, {"theme": "<b>"}):
        answer = choose(wire, **fields)
        assert answer.status_code == 400
        assert "set-cookie" not in answer.headers
    emptied = choose(wire, zone="", back="/latest")
    assert "zone=" in emptied.headers["set-cookie"]
    assert "Max-Age=0" in emptied.headers["set-cookie"]
    data = {"language": "fr"}
    for sent, status in (
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),  # a browser that does not say the former
        ({"Origin": wire.address.replace("127.0.0.1", "localhost")}, 403),
        ({"Origin": wire.address}, 303),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
    ):
        assert httpx.post(f"{wire.address}/preferences", data=data, headers=sent, verify=False).status_code == status


ELSEWHERE = (
    "https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example", "javascript:alert(1)", "evil",
    "/%0d%0aX: y\r\nX: y", "/a\nb", "/\t/evil.example", " //evil.example", "/é", "", "/" + "x" * 1_000, "/a\\b",
    "/preferences?back=/preferences",
)  # fmt: skip


@pytest.mark.parametrize("back", ELSEWHERE)
def test_a_choice_leads_to_no_other_host(wire: Served, back: str) -> None:
    assert choose(wire, theme="dark", back=back).headers["location"] == "/"
    form = page(wire, f"/preferences?{urlencode({'back': back})}") if len(back) < 1_000 else None
    assert form is None or one(form, "main [name=back]")["value"] == "/"
    assert local_path(back) == "/"


def test_cookies_of_a_wire_with_https_are_sent_by_https_alone(tmp_path: Path) -> None:
    with tagged(tmp_path, ("http://tamarind-wire.example", "https://tamarind-wire.example")) as wire:
        assert all("secure" in each.lower() for each in choose(wire, theme="dark").headers.get_list("set-cookie"))
        wire.now[0] = datetime(2030, 1, 1, tzinfo=UTC)
        assert "1 January 2030" in page(wire, "/").get_text()


# Pictures and words of reports in lists


def shown_in_a_list(wire: Served, *out: Release) -> BeautifulSoup:
    """A list of these, as the pages write it."""
    site = Site(wire.paths, lambda: wire.now[0])
    values = {"list": List(selection=Selection(), path="/latest", title="Latest", description="", feed=None),
              "rows": Rows(out), "newest": None, "older": None}  # fmt: skip
    made = Page(template="list.html", title="Latest", description="", values=values)
    return BeautifulSoup(Pages(site, Answers()).written(made, Reader("en", "UTC", "auto"), "/latest"), "lxml")


def test_a_list_shows_the_wires_own_copies_alone(wire: Served) -> None:
    elsewhere = Picture(url="https://daily.example/a.jpg", disclaimer="Picture: Awa. Rights apart.", alt="A river")
    copy = replace(elsewhere, url="/pictures/a.640.jpg", copy="a", alt='"><script>', width=640, height=400)
    out = next(each for each in released("web") if each.html)
    assert shown_in_a_list(wire, replace(out, pictures=(elsewhere,))).select("article img") == []
    image = one(shown_in_a_list(wire, replace(out, pictures=(elsewhere, copy))), "article img")
    assert (image["src"], image["alt"], image["width"]) == ("/pictures/a.640.jpg", '"><script>', "640")
    assert image.find_next("figcaption").get_text().strip() == "Picture: Awa. Rights apart."  # type: ignore[union-attr]


def test_a_list_has_no_more_of_a_report_than_its_rights_let_out(wire: Served) -> None:
    scopes = set()
    for out in released("web"):
        article = one(shown_in_a_list(wire, out), "article")
        opening = article.select(".opening")
        scopes.add((out.scope, bool(opening)))
        if out.scope == "headline_only":
            assert opening == []
        elif opening:
            said = opening[0].get_text().removesuffix("…")
            assert said in " ".join((out.summary or out.text).split())
            assert len(said) <= 220
        assert out.headline in one(article, ".headline").get_text()
    assert scopes >= {("headline_only", False), ("excerpt", True), ("full_text", True)}


def test_a_wire_without_reports_has_all_its_pages(tmp_path: Path) -> None:
    config = Path(shutil.copytree(CONFIG, tmp_path / "config"))
    wire_toml = config / "wire.toml"
    wire_toml.write_text(
        wire_toml.read_text("utf-8").replace('"Tamarind Wire"', '"<b>The Wire & All of the Coast</b>"')
    )
    paths = Paths(config, tmp_path / "wire.db")
    with open_wire(paths, load_config(paths), utc_now()):
        pass
    with served(tmp_path, config) as wire:
        for path in ("/", "/latest", "/own", "/country/gh", "/countries", "/regions", "/topics", "/languages"):
            soup = page(wire, path)
            assert one(soup, ".empty")
            assert one(soup, "header .wire").get_text() == "<b>The Wire & All of the Coast</b>"
