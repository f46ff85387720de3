"""What speaks against decisions that are stored: a table of pairs of entries, each with the reason, or none."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from aggregator.identity import why_another, why_one, why_two
from aggregator.model import Entry, Link, Text
from tests.conftest import NOW
from tests.rows import every_row

BRIDGE = "The bridge at Lumo is closed until further notice and a ferry carries all passengers over the river."
COCOA = "Growers in the south keep their beans in the sheds and the ships at the quay wait for a better price."
DAY = timedelta(days=1)


def said(headline: str, text: str, link: str | None, guid: str | None) -> Entry:
    links = (Link(f"http://daily.example{link}"),) if link is not None else ()
    return Entry(id=guid, title=Text(headline, "text/plain"), content=(Text(text),), links=links)


FERRY = said("Ferry carries all", BRIDGE, "/ferry", "http://daily.example/?p=1")
KESH = said("Power cut in Kesh", BRIDGE, "/kesh", "g")


@every_row(
    ("other", "reason"),
    [
        (replace(FERRY, title=Text("[Sponsored] Ferry carries all")), "labelled as advertising"),
        (said("Comment on: ferry", COCOA, "/ferry#c7", "c7"), "differ by the fragment"),
        (FERRY, None),
        (replace(FERRY, links=()), None),  # nothing to compare
        (said("Ferry carries all", BRIDGE, "/ferry-2", None), None),
        (said("Ferry carries all", BRIDGE, "/ferry-2", "http://daily.example/?p=1#new"), None),  # one guid
        (said("Ferry carries all", COCOA, "/ferry-2", "http://daily.example/?p=2"), None),
        (said("Ferry carries all!", BRIDGE, "/ferry-2", "http://daily.example/?p=2"), None),
    ],
)
def test_why_a_merge_may_be_of_two_reports(other: Entry, reason: str | None) -> None:
    found = why_two(FERRY, other)
    assert (reason in found) if reason and found else found is reason


def test_a_headline_with_the_name_of_another_town_is_another_report() -> None:
    senna = said("Power cut in Senna", BRIDGE, "/senna", "h")
    assert "name of a town" in str(why_two(KESH, senna))
    assert why_two(KESH, replace(senna, title=Text("Power cut in  KESH"))) is None


BULLETIN = said("Bulletin 1", BRIDGE, "/river/1", "item-0")
NEXT = said("Bulletin 2", COCOA, "/river/2", "item-0")


@every_row(
    ("after", "hours", "is_another"),
    [
        (NEXT, 24, True),
        (NEXT, 12, False),  # one date: a report that was edited, and moved
        (NEXT, -24, True),
        (NEXT, None, False),
        (replace(NEXT, title=BULLETIN.title, content=BULLETIN.content), 24, False),  # one text at two addresses
        (replace(NEXT, title=BULLETIN.title), 24, True),
        (replace(NEXT, id="item-1"), 24, False),  # guids that differ are another question
        (replace(NEXT, id=None), 24, False),
        (replace(NEXT, links=()), 24, False),
        (replace(NEXT, links=(Link("http://daily.example/river/1#2"),)), 24, False),
    ],
)
def test_why_a_version_may_be_another_report(after: Entry, hours: int | None, is_another: bool) -> None:
    then = None if hours is None else NOW + timedelta(hours=hours)
    reason = why_another(BULLETIN, after, (NOW, then))
    assert reason == ("one guid came with another address, date and words" if is_another else None)


@every_row(
    ("one", "other", "reason"),
    [
        (("/ferry", "g"), ("/ferry", "g"), "one guid and one address"),
        (("/ferry", None), ("/ferry", None), "one address, and no guids"),
        (("/ferry", "g"), ("/ferry", "h"), None),  # two parts of one page
        (("/ferry", "g"), ("/ferry", None), None),
        (("/ferry", "g"), ("/bridge", "g"), None),
        ((None, "g"), (None, "g"), None),
        (("/", "g"), ("/", "g"), None),  # where everything is
    ],
)
def test_why_two_reports_may_be_one(
    one: tuple[str | None, str | None], other: tuple[str | None, str | None], reason: str | None
) -> None:
    made = (said("Ferry", BRIDGE, *one), said("No way across", COCOA, *other))
    assert why_one(*made) == why_one(*made[::-1]) == reason
