"""What readers and the desk do in a real browser, from page to page."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from aggregator.model import DeskPerson
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.web.desk_pages.people import digest
from tests.conftest import SOAK, only_soak
from tests.web.browsing import Browsing, browsing
from tests.web.every_page import (
    AMHARIC,
    ARABIC,
    ENGLISH,
    INTO,
    LEGAL,
    MERGED,
    WITHDRAWN,
    WITHHELD,
    WORDS,
    whole,
)
from tests.web.serving import served

KENYAN = "2bmz6tf5s53asn6e"
SAID = "My house and my name are in the second paragraph.\nبيتي واسمي في الفقرة الثانية."


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsing]:
    folder = tmp_path_factory.mktemp("browser")
    paths = whole(folder, utc_now())
    with served(folder, paths.config_folder()) as wire, browsing(wire) as found:
        yield found


def followed(page: Page, selector: str) -> str:
    """Follows the first such link; the path of the page that it leads to."""
    with page.expect_navigation():
        page.locator(selector).first.click()
    return page.url.partition("//")[2].partition("/")[2]


def reread(page: Page, path: str) -> int:
    """The status of a page that is asked for anew: a browser may keep one for a minute, of the same address."""
    answer = page.goto(f"{path}?{secrets.token_hex(4)}")
    assert answer is not None
    return answer.status


def shown(page: Page) -> list[str]:
    """The ids of the reports on a page, in its order."""
    return page.eval_on_selector_all("article .headline a", "those => those.map(each => each.href.split('/').pop())")


# Readers


@pytest.mark.soak  # without scripts `make test` searches, chooses, complains and acts at the desk
@pytest.mark.parametrize("has_scripts", [True, False] if SOAK else [True])
def test_a_reader_goes_from_page_to_page(here: Browsing, has_scripts: bool) -> None:
    with here.tab(java_script_enabled=has_scripts) as page:
        page.goto("/")
        assert len(shown(page)) > 20
        followed(page, "a[href='/countries']")
        assert followed(page, "main a[href='/country/ke']") == "country/ke"
        report = shown(page)[0]
        headline = page.locator("article .headline a").first.inner_text()
        assert followed(page, "article .headline a") == f"report/{report}"
        expect(page.locator("h1")).to_contain_text(headline)
        assert page.locator(".words").inner_text().strip()
        followed(page, ".report-head .publisher a")
        assert page.url.endswith("/publisher/kurunzi-ya-pwani")
        assert report in shown(page)
        page.go_back()
        assert page.url.endswith(f"/report/{report}")
        followed(page, ".wire a")
        assert page.url == f"{here.wire.address}/"


def test_a_search_has_the_newest_or_the_best_first_and_goes_on_side_by_side(here: Browsing) -> None:
    with here.tab(java_script_enabled=False) as page:
        page.goto("/")
        page.fill("#site-search", WORDS)
        page.press("#site-search", "Enter")
        page.wait_for_url(f"**/search?q={WORDS}")
        newest = shown(page)
        assert page.locator("article mark").count() >= len(newest) > 3
        followed(page, "main a:has-text('Best first')")
        best = shown(page)
        assert sorted(best) == sorted(newest)
        assert best != newest
        page.locator("summary", has_text="Dates and filters").click()
        page.select_option("#language", "pt")
        page.locator(".filters button").click()
        page.wait_for_url("**language=pt**")
        portuguese = shown(page)
        assert set(portuguese) < set(newest)
        assert page.eval_on_selector_all("article .headline", "those => those.every(each => each.lang === 'pt')")
        followed(page, "main a:has-text('Side by side')")
        assert sorted(shown(page)) == sorted(portuguese)
        page.goto(f"/positions?q={WORDS}")
        columns = page.locator(".sides thead th").all_inner_texts()
        assert len(columns) >= 4
        assert set(shown(page)) == set(newest)
        tops = page.eval_on_selector_all(
            ".sides tbody tr:first-child > td",
            "those => those.map(each => Math.round(each.getBoundingClientRect().top))",
        )
        assert len(set(tops)) == 1  # one day stands side by side


def test_side_by_side_is_a_table_on_paper(here: Browsing) -> None:
    with here.tab() as page:
        page.goto(f"/positions?q={WORDS}")
        page.emulate_media(media="print")
        for selector in ("nav", "form", ".subject", ".acts"):
            assert not any(each.is_visible() for each in page.locator(selector).all()), selector
        assert page.locator(".sides").evaluate("each => getComputedStyle(each).display") == "table"
        assert page.locator(".sides thead").evaluate("each => getComputedStyle(each).display") == "table-header-group"
        assert page.locator(".sides tfoot details[open]").count() == 0
        for each in page.locator(".silent li a").all():  # nobody who has no report is left out, though nothing is open
            assert each.evaluate("each => each.checkVisibility({contentVisibilityAuto: true}) && each.offsetHeight > 0")
        shown = page.locator(".said .original").first
        address = shown.evaluate("each => getComputedStyle(each, '::after').content")
        assert str(shown.get_attribute("href")) in address
        paper = page.pdf(prefer_css_page_size=True)
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
        assert boxes
        assert all(float(width) > float(height) for width, height in boxes)


def test_one_chooses_language_zone_and_colours_without_a_script(here: Browsing) -> None:
    with here.tab(java_script_enabled=False, locale="en-GB") as page:
        page.goto("/country/ke")
        page.locator("footer button[value='ar']").click()
        page.wait_for_url("**/country/ke")
        assert (page.locator("html").get_attribute("lang"), page.locator("html").get_attribute("dir")) == ("ar", "rtl")
        page.goto("/preferences?back=/latest")
        page.check("#language-fr")
        page.select_option("#time-zone", "Africa/Nairobi")
        page.check("#theme-dark")
        page.locator("main form button").click()
        page.wait_for_url("**/latest")
        assert page.locator("html").get_attribute("lang") == "fr"
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert "UTC+03:00" in page.locator("#zone").inner_text()


def test_times_are_in_the_zone_of_the_browser_where_none_was_chosen(here: Browsing) -> None:
    with here.tab(timezone_id="Asia/Tokyo", locale="en-GB") as page:
        page.goto(f"/report/{ENGLISH}")
        said = page.locator("#zone").inner_text()
        assert "Japan" in said
        moment = page.locator(".report-head time").first
        hour = int(str(moment.get_attribute("datetime"))[11:13])
        assert f"{(hour + 9) % 24:02}:" in moment.inner_text()


@pytest.mark.soak
@only_soak  # `test_report_page` reads the same notices without a browser
def test_what_is_gone_says_why(here: Browsing) -> None:
    with here.tab() as page:
        for report, status, words in (
            (WITHHELD, 404, "not shown for now"),
            (WITHDRAWN, 410, "was withdrawn"),
            (LEGAL, 451, "legal demand"),
        ):
            answer = page.goto(f"/report/{report}")
            assert answer is not None
            assert answer.status == status
            expect(page.locator("h1")).to_contain_text(words)
            assert page.locator(".notice").inner_text().strip()
            assert page.locator("meta[name=robots][content=noindex]").count() == 1
            assert ('rel="blocked-by"' in answer.headers.get("link", "")) == (status == 451)
        answer = page.goto(f"/report/{MERGED}")
        assert answer is not None
        assert page.url.endswith(f"/report/{INTO}")


# From a complaint to the report and back


def test_a_complaint_goes_to_the_desk_which_takes_the_report_out_and_puts_it_back(here: Browsing) -> None:
    options = {"java_script_enabled": False}  # neither the reader nor the desk needs a script
    with here.tab(**options) as page, here.desk_tab("ama", **options) as desk:
        page.goto(f"/report/{KENYAN}")
        assert followed(page, ".acts a[href^='/complain/']") == f"complain/{KENYAN}"
        assert "Kurunzi" in page.locator(".answers").inner_text()
        followed(page, "form.complain button")  # nothing is filled in yet
        expect(page.locator("#summary")).to_be_visible()
        page.check("#kind-privacy")
        page.fill("#text", SAID)
        followed(page, "form.complain button")
        reference = page.locator(".reference").inner_text()
        assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", reference)

        answer = here.wire.get(f"/report/{KENYAN}")
        assert answer.status_code == 200  # a form that anybody can send takes nothing out
        assert SAID.splitlines()[0] not in answer.text

        desk.goto("/desk/complaints")
        followed(desk, f"main a[href='/desk/complaints/{KENYAN}']")
        followed(desk, "article a[href^='/desk/complaint/']")
        assert desk.locator(".desk-said").first.inner_text() == SAID
        desk.locator("form[action$='/carry-out'] button").click()
        expect(desk.locator(".desk-done")).to_be_visible()
        assert reread(page, f"/report/{KENYAN}") == 404
        assert KENYAN not in here.wire.get("/country/ke").text

        desk.fill("#resolution", "it was a mistake")
        desk.fill("#answer", "We asked the publisher.\nAsante.")
        desk.locator("form[action$='/resolve'] button").click()
        expect(desk.locator(".desk-done")).to_be_visible()
        page.goto("/complaint")
        page.fill("#reference", reference.lower())
        page.locator("main form button").click()
        expect(page.locator(".answer")).to_contain_text("Asante.")

        desk.goto(f"/desk/report/{KENYAN}")
        desk.fill("#reason-restore", "the publisher changed it")
        desk.locator("form[action$='/restore'] button").click()
        expect(desk.locator("h1")).to_be_visible()
        followed(desk, ".desk-buttons button")
        assert reread(page, f"/report/{KENYAN}") == 200


# The desk


@pytest.mark.soak
@only_soak  # `test_desk_entry` signs in without a browser
def test_nobody_enters_the_desk_without_a_token(here: Browsing) -> None:
    token = "0123456789-0123456789-0123456789"
    with Store.open(here.wire.paths.database()) as store:
        store.add_person(digest(token), DeskPerson(name="amina", right="act"), here.wire.now[0])
    with here.tab() as page:
        page.goto("/desk/ledger")
        assert page.url.endswith("/desk/login?next=%2Fdesk%2Fledger")
        page.fill("#name", "amina")
        page.fill("#token", "a guess")
        followed(page, "main form button")
        assert page.locator(".desk-nav").count() == 0
        page.goto("/desk/ledger")
        assert "/desk/login" in page.url
        page.fill("#name", "amina")
        page.fill("#token", token)
        page.click("main form button")
        page.wait_for_url("**/desk/ledger")
        assert page.locator(".desk-nav").count() == 1


@pytest.mark.soak
@only_soak  # as the desk does with the complaint above; `test_desk` fills in every form without a browser
def test_the_desk_acts_without_a_script(here: Browsing) -> None:
    with here.desk_tab("zola", java_script_enabled=False) as desk, here.tab() as page:
        desk.goto(f"/desk/report/{AMHARIC}")
        desk.locator("summary", has_text="Withhold it").click()
        desk.fill("#reason-withhold", "بطلب من الناشر")
        desk.locator("form[action$='/withhold'] button").click()
        expect(desk.locator("main")).to_contain_text("Subscribers are told to take it out.")
        assert reread(page, f"/report/{AMHARIC}") == 200  # it asks first
        desk.locator(".desk-buttons button").click()
        expect(desk.locator(".desk-done")).to_be_visible()
        assert reread(page, f"/report/{AMHARIC}") == 404
        expect(page.locator(".notice")).to_contain_text("بطلب من الناشر")

        desk.goto("/desk/merges")
        followed(desk, "article a[href^='/desk/merge/']")
        assert desk.locator(".desk-sides > section").count() == 2
        desk.locator("form[action$='/undo'] button").click()
        expect(desk.locator(".desk-done")).to_contain_text(MERGED)
        page.goto(f"/report/{MERGED}")
        assert page.url.endswith(MERGED)

        desk.goto("/desk/add")
        desk.fill("#address", "http://nawras.example/")
        desk.locator("main form.desk-form button").click()
        expect(desk.locator(".wire-problem")).to_contain_text("nawras")
        followed(desk, ".desk-who button")
        desk.goto("/desk")
        assert "/desk/login" in desk.url


# For every reader


def colours(page: Page, selector: str) -> tuple[int, int]:
    """How light the ink and the paper of an element are, of 765."""
    found = page.eval_on_selector(
        selector, "each => [getComputedStyle(each).color, getComputedStyle(document.body).backgroundColor]"
    )
    ink, paper = (sum(int(part) for part in re.findall(r"\d+", said)[:3]) for said in found)
    return ink, paper


def test_pages_are_light_or_dark_as_the_browser_asks_or_the_reader_chose(here: Browsing) -> None:
    with here.tab() as page:
        for chosen in (None, "dark", "light"):
            if chosen:
                page.context.add_cookies([{"name": "theme", "value": chosen, "url": here.wire.address}])
            reread(page, "/latest")
            for asked in ("light", "dark"):
                page.emulate_media(color_scheme=asked)
                ink, paper = colours(page, "h1")
                assert (ink > paper) == ((chosen or asked) == "dark")


# The direction of a page, of the words of its report and of the headline; how far the first section is from both sides.
PLACED = """() => {
  const first = document.querySelector('.sections li:first-child').getBoundingClientRect();
  const those = ['html', '.words', 'h1'].map(each => getComputedStyle(document.querySelector(each)).direction);
  return [...those, first.left, innerWidth - first.right];
}"""


def test_each_language_goes_in_its_direction(here: Browsing) -> None:
    with here.tab() as page:
        for locale, interface in (("ar", "rtl"), ("en-GB", "ltr")):
            page.set_extra_http_headers({"Accept-Language": locale})
            for report, expected in ((ARABIC, "rtl"), (ENGLISH, "ltr")):
                page.goto(f"/report/{report}")
                of_page, of_words, of_headline, left, right = page.evaluate(PLACED)
                assert (of_page, of_words, of_headline) == (interface, expected, expected)
                assert (left > right) == (interface == "rtl")


def test_a_keyboard_is_enough(here: Browsing) -> None:
    with here.tab() as page:
        page.goto("/latest")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        box = page.locator(".skip").bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["height"] > 10
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null")
        place = "[...document.querySelectorAll('*')].indexOf(document.activeElement)"
        outline = "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        page.goto("/")
        order, widths = [], []
        for _ in range(25 if SOAK else 12):
            page.keyboard.press("Tab")
            at, width = page.evaluate(f"[{place}, {outline}]")
            order.append(at)
            widths.append(width)
        assert order == sorted(set(order))  # as the page is written, and nothing twice
        assert min(widths) >= 2
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert page.url != f"{here.wire.address}/"
