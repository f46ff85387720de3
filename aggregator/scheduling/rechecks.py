"""When an article's own page is visited again, and what its answer means for the report. Pure.

A publisher that withdraws a report seldom says so in its feed, but its page says it: 410 (gone) or 451 (for legal
reasons) at once; 404, or a redirect to the home page, when it is still so a day later. What happens then, the
publisher's rights say: `corrections.on_gone` and `corrections.on_missing`. Falling off a feed means nothing.

A site may say so to programs only, of everything it has (a firewall, a border: 451 to a whole continent). So where most
of a publisher's pages say it, none of them is believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from aggregator.model import Finding, PageVisit, Publisher, Recheck, Removal, Validators
from aggregator.text.printable import address
from aggregator.text.urls import host_of, is_front_page, page_of

# After first sight. Most withdrawals come within hours.
STEPS = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(days=3), timedelta(days=7))
APART = timedelta(hours=24)  # between two visits that find a page missing, before it counts
UNANSWERED = timedelta(hours=1)  # so long a site is left in peace that did not answer, or was too busy
_LONGEST_REST = timedelta(days=1)
LATELY = timedelta(days=30)  # how far back visits to other pages of a publisher count
LAST_PAGES = 20  # and how many
_FEWEST_PAGES = 3  # that say something about their site
_MOST_VISITS = 12  # of one page, however seldom it answers
_ACTOR = "publisher:page"


def next_visit(first_seen: datetime, now: datetime) -> datetime | None:
    """The next step of the schedule; None behind the last. Steps that passed unused are not made up for."""
    return next((first_seen + step for step in STEPS if first_seen + step > now), None)


def first_visit(url: str, first_seen: datetime, now: datetime, *, is_read: bool = False) -> datetime | None:
    """When a new article's page is visited first; None: it has none of its own. A step that is due already is now.
    `is_read`: the page has what the report lacks, so it is not waited for.
    """
    if _is_home(url) or first_seen + STEPS[-1] <= now:
        return None
    return first_seen if is_read else first_seen + STEPS[0]


def judge(recheck: Recheck, publisher: Publisher, visit: PageVisit | None, now: datetime) -> Finding:
    """What one visit means. `visit` None: there was no answer, or robots.txt did not let us ask."""
    step = replace(recheck, visits=recheck.visits + 1)
    if _is_home_of(publisher, recheck.url):
        return Finding(recheck=step, result="it has no page of its own", next_at=None)
    if visit is None:
        return _nothing(step, "no answer", now)
    if visit.http_status in (410, 451):
        return _out(step, _gone(publisher, visit))
    if visit.http_status == 404 or (visit.http_status < 300 and _is_home_of(publisher, visit.url)):
        return _missing(step, publisher, visit, now)
    if visit.http_status == 304 and recheck.validators == Validators():
        return _nothing(step, "304, not modified, to a request without conditions", now)
    if visit.http_status < 300 or visit.http_status == 304:
        said, following = str(visit.http_status), next_visit(recheck.first_seen, now)
        return Finding(recheck=step, result=said, next_at=following, validators=visit.validators, there=True)
    return _nothing(step, str(visit.http_status), now)


def believed(findings: Sequence[Finding], before: tuple[int, int], now: datetime) -> list[Finding]:
    """What one round of visits to a publisher's pages found, as far as it can be believed. `before`: how many other
    pages of the publisher were visited lately, and how many of these were not there.

    Where more than half of at least three pages are not there, that says something of the site, and nothing of its
    reports: none leaves the wire. They are looked at again a day later.
    """
    answered = [finding.there for finding in findings if finding.there is not None]
    visited, gone = before[0] + len(answered), before[1] + answered.count(False)
    if visited < _FEWEST_PAGES or gone * 2 <= visited:
        return list(findings)
    reason = f"{gone} of the publisher's last {visited} pages are not there, perhaps only for programs"
    return [_doubted(finding, reason, now) if finding.there is False else finding for finding in findings]


def _doubted(finding: Finding, reason: str, now: datetime) -> Finding:
    return replace(
        finding,
        result=f"{finding.result}; held back: {reason}",
        next_at=now + APART if finding.recheck.visits < _MOST_VISITS else None,
        missing_since=finding.missing_since or finding.recheck.missing_since or now,
        removal=None,
        doubted=True,
    )


def rest(visit: PageVisit | None, now: datetime) -> datetime | None:
    """Until when the publisher's pages are left in peace; None: it answers well enough. At most a day."""
    if visit is not None and visit.http_status not in (429, 503):
        return None
    asked = visit.retry_after if visit else None
    until = asked if isinstance(asked, datetime) else now + (asked or UNANSWERED)
    return min(max(until, now + UNANSWERED), now + _LONGEST_REST)


def _gone(publisher: Publisher, visit: PageVisit) -> Removal:
    if visit.http_status == 451:
        reason = "the publisher's page answers 451: not available for legal reasons"
        return Removal(act="withhold", notice="legal", actor=_ACTOR, reason=reason, reference=address(visit.url))
    reason = "the publisher's page answers 410: gone"
    if publisher.rights.corrections.on_gone == "withdraw":
        return Removal(act="withdraw", notice="withdrawn", actor=_ACTOR, reason=reason, reference=address(visit.url))
    return Removal(act="suspend", notice="gone", actor=_ACTOR, reason=reason, reference=address(visit.url))


def _missing(step: Recheck, publisher: Publisher, visit: PageVisit, now: datetime) -> Finding:
    said = "404" if visit.http_status == 404 else f"{visit.http_status} after a redirect to the home page"
    answer = publisher.rights.corrections.on_missing
    if answer == "keep":
        return Finding(recheck=step, result=said, next_at=next_visit(step.first_seen, now), there=False)
    since = step.missing_since or now
    if now - since < APART:
        return Finding(recheck=step, result=said, next_at=since + APART, missing_since=since, there=False)
    reason = f"the publisher's page is missing since {since:%Y-%m-%d %H:%M} UTC: {said}"
    if answer == "withdraw":
        removal = Removal(act="withdraw", notice="withdrawn", actor=_ACTOR, reason=reason, reference=step.url)
    else:
        removal = Removal(act="suspend", notice="gone", actor=_ACTOR, reason=reason, reference=step.url)
    return _out(step, removal)


def _out(step: Recheck, removal: Removal) -> Finding:
    """Only a person restores it, so there is nothing to learn from further visits."""
    return Finding(recheck=step, result=removal.reason, next_at=None, removal=removal, there=False)


def _nothing(step: Recheck, said: str, now: datetime) -> Finding:
    """An answer that says nothing of the report. A page that was missing has still to be looked for a second time."""
    following = next_visit(step.first_seen, now)
    if following is None and step.missing_since and step.visits < _MOST_VISITS:
        following = now + APART
    return Finding(
        recheck=step, result=said, next_at=following, validators=step.validators, missing_since=step.missing_since
    )


def _is_home_of(publisher: Publisher, url: str) -> bool:
    return _is_home(url) or page_of(url) == page_of(publisher.homepage)


def _is_home(url: str) -> bool:
    """Also what is no address at all, and so no page either."""
    return not host_of(url) or is_front_page(page_of(url))
