"""What every page is served with, whatever stands on it; nobody has opened the wire since an older version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tests.web.every_page import GONE, READERS, addresses
from tests.web.serving import Served, served, unopened


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(unopened(tmp_path_factory.mktemp("pages"))) as found:
        yield found


def test_a_page_takes_nothing_from_elsewhere_and_stands_in_no_frame(wire: Served) -> None:
    answer = wire.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert answer.headers["x-frame-options"] == "DENY"
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["vary"].split(", "))
    soup = BeautifulSoup(answer.text, "lxml")
    assert not soup.select("style, [style], script:not([src]):not([type='application/ld+json'])")
    for each in soup.select("script[src], link[rel=stylesheet]"):
        file = wire.get(str(each.get("src") or each["href"]))
        assert file.status_code == 200
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_every_page_has_every_field_that_keeps_it_safe(wire: Served) -> None:
    """Pages of readers, the ways to the desk, and what is not found or is gone."""
    for path in (*addresses(READERS), *GONE, "/desk", "/desk/login", "/positions.csv?country=GH", "/figures.csv"):
        answer = wire.get(path, accept="text/html")
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "frame-ancestors 'none'" in policy, path
        assert "unsafe" not in policy, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["cross-origin-resource-policy"] == "same-origin", path
        assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), path
        assert "access-control-allow-origin" not in answer.headers, path
        if answer.headers.get("content-type", "").startswith("text/html") and answer.status_code != 303:
            assert answer.headers["cross-origin-opener-policy"] == "same-origin", path
            assert answer.headers["x-frame-options"] == "DENY", path
            assert "camera=()" in answer.headers["permissions-policy"], path


def test_a_page_that_a_browser_has_is_not_sent_again_unless_it_is_another_one(wire: Served) -> None:
    first = wire.get("/", accept_language="fr")
    assert wire.get("/", accept_language="fr", if_none_match=first.headers["etag"]).status_code == 304
    assert wire.get("/", accept_language="pt", if_none_match=first.headers["etag"]).status_code == 200


def test_a_page_is_in_the_language_that_was_chosen_or_that_the_browser_likes_best(wire: Served) -> None:
    for headers, expected in (
        ({}, "en"),
        ({"accept_language": "de, fr-CA;q=0.8, en;q=0.5"}, "fr"),
        ({"accept_language": "sw;q=0.2, ar;q=0.9"}, "ar"),
        ({"accept_language": "fr", "cookie": "language=pt"}, "pt"),
        ({"accept_language": "fr", "cookie": "language=<b>"}, "fr"),
        ({"accept_language": "fr;q=0, xx"}, "en"),
    ):
        answer = wire.get("/", **headers)
        html = BeautifulSoup(answer.text, "lxml").html
        assert html is not None
        assert (html["lang"], answer.headers["content-language"]) == (expected, expected)
        assert html["dir"] == ("rtl" if expected == "ar" else "ltr")


def test_an_address_that_is_none_gives_a_page_to_people_and_json_to_programs(wire: Served) -> None:
    for path, accept, expected in (
        ("/nowhere", "text/html,*/*;q=0.8", "text/html"),
        ("/static/nothing.css", "text/html", "text/html"),
        ("/nowhere", "*/*", "application/problem+json"),
        ("/api/nowhere", "text/html", "application/problem+json"),
        ("/?before=nothing", "*/*", "text/html"),
        ("/?before=%FF", "*/*", "text/html"),
        ("/?before=" + "x" * 1_001, "*/*", "text/html"),
    ):
        answer = wire.get(path, accept=accept)
        assert answer.status_code in (400, 404), path
        assert answer.headers["content-type"].startswith(expected), path
        assert answer.headers["cache-control"] == "no-store"


def test_what_no_page_reads_makes_no_other_page(wire: Served, tmp_path: Path) -> None:
    assert wire.get("/?utm_source=x").headers["etag"] == wire.get("/").headers["etag"]


def test_an_odd_address_is_never_answered_in_the_place_of_another_one(wire: Served) -> None:
    """An address that was parsed leaves out tabs and line ends, so that its answer would be kept for another one."""
    for odd, usual in (("/country/m%09L", "/country/mL"), ("/country/G%0AH", "/country/GH"), ("/class/New%0Ds", None)):
        led = wire.get(odd)
        assert led.status_code == 301
        assert wire.get(led.headers["location"]).status_code == 404  # and not to ever longer ones
        if usual:
            assert wire.get(usual).headers["location"] == usual.lower()
    for odd in ("/country/M%5CL", "/country/ML%3FX", "/region/X%0D%0AX-Injected:%20yes", "/country/M%23L"):
        led = wire.get(odd)
        assert led.status_code == 301
        assert "x-injected" not in led.headers
        assert wire.get(led.headers["location"]).status_code == 404
