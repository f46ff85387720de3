"""What is no fault, and yet somebody should look at: terms that nobody read, addresses in the clear, unexplained rests.

Each line is as a fault's: file, key, what was found, what was expected; the most pressing come first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from aggregator.model import DISCOVER, Publisher, Wire
from aggregator.rights import fault
from aggregator.rights.pages import why_useless
from aggregator.text.printable import counted
from aggregator.text.urls import domain_of_url, host_of

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_RELIED_ON = {"open_licence": "its licence", "public_body": "the law"}


def warnings(publishers: Mapping[str, Publisher]) -> Iterator[str]:
    """The warnings of publishers by the names of their files."""
    secure = {host_of(url) for publisher in publishers.values() for _, url in _addresses(publisher) if _is_https(url)}
    for name, publisher in publishers.items():
        for key, url in _addresses(publisher):
            if not _is_https(url) and host_of(url) in secure:
                yield f"{name}: {fault(key, url, 'https, which other addresses here have at the same host')}"
    for name, publisher in publishers.items():
        for number, source in enumerate(publisher.sources, start=1):
            if not source.enabled and source.reason is None:
                yield f"{name}: {fault(f'source[{number}].reason', None, 'why it is switched off')}"
    for name, publisher in publishers.items():
        for number, source in enumerate(publisher.sources, start=1):
            if expected := why_useless(source.pages, publisher.rights):
                yield f"{name}: {fault(f'source[{number}].pages', source.pages, expected)}"
    for relationship, ground in _RELIED_ON.items():
        for name, publisher in publishers.items():
            rights = publisher.rights
            if rights.relationship == relationship and rights.terms_checked is None:
                why = f"the wire relies on {ground}"
                if rights.basis == "quotation":
                    why = "until then it is quoted only"
                said = "is missing: write the date on which you read the publisher's terms"
                yield f"{name}: rights.terms_checked {said} ({why})"


def pace_warnings(wire: Wire, publishers: Sequence[Publisher]) -> Iterator[str]:
    """What settings of the pace do to each other, with the figures, where that is not what they say."""
    poll, fetch = wire.poll, wire.fetch
    polled = [source for one in publishers for source in one.sources if source.enabled and source.kind != DISCOVER]
    fixed = [source.every for source in polled if source.every is not None]
    takes, others = sum(_HOUR / every for every in fixed), len(polled) - len(fixed)
    budget = poll.requests_per_hour or len(polled) * (_HOUR / poll.every)
    if takes > budget:
        beside = f"; the budget of {counted(others, 'other source')} is not touched" if others else ""
        yield (
            f"wire.toml: poll.requests_per_hour: the every_minutes of {counted(len(fixed), 'source')} take"
            f" {takes:,.0f} requests an hour, where {budget:,.0f} are meant for {len(polled):,} sources{beside}; set a"
            " larger every_minutes, or leave it out: then each source is polled by what it has taught"
        )
    least = others * (_HOUR / poll.longest)
    if poll.requests_per_hour is not None and least > poll.requests_per_hour:
        yield (
            f"wire.toml: poll.requests_per_hour: found {poll.requests_per_hour:g}, which {counted(others, 'source')}"
            f" cannot keep to: one poll of each in {poll.longest / _MINUTE:g} minutes (longest_minutes) takes"
            f" {least:,.0f} an hour; raise one of the two"
        )
    if poll.most_new_per_day < poll.most_new_per_poll:
        yield (
            f"wire.toml: poll.most_new_per_poll: found {poll.most_new_per_poll:,}, which is never reached: a publisher"
            f" may add {poll.most_new_per_day:,} a day (most_new_per_day)"
        )
    if not fetch.per_domain_spacing:
        return
    asked: dict[str, float] = defaultdict(float)
    for source in polled:
        asked[domain_of_url(source.url)] += _HOUR / (source.every or poll.every)
    possible = _HOUR / fetch.per_domain_spacing
    for domain, requests in asked.items():
        if requests > possible:
            yield (
                f"wire.toml: fetch.per_domain_seconds: found {fetch.per_domain_spacing.total_seconds():g}, which lets"
                f" {possible:,.0f} requests an hour go to {domain}; its sources ask for {requests:,.0f} by their"
                " every_minutes, and will be polled later than these say"
            )


def _addresses(publisher: Publisher) -> Iterator[tuple[str, str]]:
    yield "homepage", publisher.homepage
    for number, source in enumerate(publisher.sources, start=1):
        if source.url != publisher.homepage:
            yield f"source[{number}].url", source.url


def _is_https(url: str) -> bool:
    return urlsplit(url).scheme == "https"
