"""A mail of each kind, as text and as HTML, is the one that a person has looked at: `python -m tests.make_expected`."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from aggregator.output import alert_mail
from tests.alerts.mails import FOLDER, GENERAL, expected, kinds
from tests.releases import WIRE


def test_the_mails_are_those_that_a_person_has_looked_at() -> None:
    stored = {path.name: path.read_text("utf-8") for path in FOLDER.iterdir()}
    assert stored == expected(), "look at what has changed, then run `python -m tests.make_expected`"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.loads += [tag] if tag in ("img", "script", "iframe", "link", "object") or "src" in named else []
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", sorted(kinds()))
def test_a_mail_has_all_that_must_stand_beside_and_loads_nothing(name: str) -> None:
    each = kinds()[name]
    plain, html = alert_mail.text(each), alert_mail.html(each)
    page = _Page()
    page.feed(html)
    assert page.loads == page.open == []
    assert "<b>حتى" not in html
    for entry in each.entries:
        said = [entry.publisher_name, entry.notice]
        if entry.release:
            said += [entry.release.credit, entry.release.usage_terms, *entry.release.disclaimers]
        for text in filter(None, said):
            assert text in plain
            assert text.replace("&", "&amp;").replace("'", "&#x27;") in html
    for text in (GENERAL, WIRE.complaints_url, WIRE.complaints_email):
        assert text in plain
        assert text in html
