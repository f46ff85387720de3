"""Every kind of page for every reader: axe-core in light, dark and Arabic, and pages 320 pixels wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import html5lib
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from aggregator.text.dates import utc_now
from aggregator.web.desk_pages.serving import ROUTES as DESK_ROUTES
from aggregator.web.pages.serving import ROUTES
from tests.conftest import SOAK, scaled
from tests.web.browsing import NARROW, Browsing, browsing
from tests.web.desk_browser import at_desk
from tests.web.every_page import DESK, GONE, NO_PAGES, READERS, addresses, whole
from tests.web.serving import served
from tests.web.test_crawl import faults_of

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": ["violations"],
}
WAYS: Mapping[str, dict[str, Any]] = {
    "light": {"headers": {}, "scheme": "light"},
    "dark": {"headers": {}, "scheme": "dark"},
    "arabic": {"headers": {"Accept-Language": "ar"}, "scheme": "light"},
}
WITH_FORMS = {"/complain", "/complain/{id}", "/complaint"}  # whose routes are beside the others
OF_READERS = [*addresses(READERS), *GONE, "/desk/login"]
OF_DESK = addresses(DESK)
ZOOMED = {"width": 640, "height": 400}  # what a window of 1,280 pixels has at 200 %


def portion(cases: Sequence[Any], full: int) -> list[Any]:
    """Evenly spread ones, so many as `scaled` says; in `make soak` all."""
    wanted = len(cases) if SOAK else min(len(cases), scaled(full))
    return [cases[number * len(cases) // wanted] for number in range(wanted)]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsing]:
    folder = tmp_path_factory.mktemp("accessibility")
    paths = whole(folder, utc_now())
    with served(folder, paths.config_folder()) as wire, browsing(wire) as found:
        yield found


def test_there_is_an_address_of_every_kind_of_page() -> None:
    assert {route.path for route in ROUTES} - NO_PAGES == set(READERS) - WITH_FORMS
    assert {route.path for route in DESK_ROUTES} == set(DESK)


def violations(page: Page, axe: Axe, path: str, way: str) -> list[str]:
    """What axe-core finds on a page, a line each."""
    page.set_extra_http_headers(WAYS[way]["headers"])
    page.emulate_media(color_scheme=WAYS[way]["scheme"])
    page.goto(path)
    found = axe.run(page, options=RULES).response["violations"]
    return [
        f"{path} ({way}): {each['id']}: {node['html']}: {node.get('failureSummary')}"
        for each in found
        for node in each["nodes"]
    ]


def sideways(page: Page, path: str, number: int) -> list[str]:
    """How many pixels of a page stand outside of a window in which words are large or the window narrow."""
    page.set_extra_http_headers(WAYS["arabic" if number % 2 else "light"]["headers"])
    page.set_viewport_size(NARROW)
    page.goto(path)
    found = []
    for size in (NARROW, ZOOMED):
        page.set_viewport_size(size)
        over = page.evaluate("document.scrollingElement.scrollWidth - document.documentElement.clientWidth")
        found += [f"{path}: {over} pixels too wide for {size['width']}"] if over > 0 else []
    return found


@pytest.mark.soak
@pytest.mark.parametrize("whose", ["readers", "desk"])
def test_every_kind_of_page_is_for_everybody(here: Browsing, whose: str) -> None:
    axe, found = Axe(), list[str]()
    paths = OF_READERS if whose == "readers" else OF_DESK
    with here.tab() if whose == "readers" else here.desk_tab() as page:
        for path, way in portion([(path, way) for path in paths for way in WAYS], 3 * len(paths) // 2):
            found += violations(page, axe, path, way)
        for number, path in enumerate(portion(paths, 3 * len(paths) // 2)):
            found += sideways(page, path, number)
    assert found == []


def test_forms_that_were_filled_in_wrongly_and_what_follows_them_are_for_everybody(here: Browsing) -> None:
    """Pages that no address has."""
    axe, found = Axe(), list[str]()
    with here.tab(viewport=NARROW) as page:
        page.goto("/complain")
        page.locator("form.complain").evaluate("each => each.requestSubmit()")
        page.locator("#summary").wait_for()
        found += [each["id"] for each in axe.run(page, options=RULES).response["violations"]]
        page.check("#kind-about_the_wire")
        page.fill("#text", "Where is the report of yesterday?")
        page.locator("form.complain button").click()
        page.locator(".reference").first.wait_for()
        found += [each["id"] for each in axe.run(page, options=RULES).response["violations"]]
        assert page.evaluate("document.scrollingElement.scrollWidth") <= NARROW["width"]
    assert found == []


@pytest.mark.soak
def test_the_html_of_the_desk_and_of_notices_has_no_fault(here: Browsing) -> None:
    """Which `test_crawl` does not come to."""
    person, found = at_desk(here.wire, "html"), list[str]()
    for path in [*portion(OF_DESK, 7 * len(OF_DESK)), *GONE]:
        answer = person.get(path) if path.startswith("/desk") else here.wire.get(path, accept="text/html")
        parser = html5lib.HTMLParser(namespaceHTMLElements=False)
        said = parser.parse(answer.text)
        found += [f"{path}: {each}" for each in faults_of(said, parser)]
    assert found == []
