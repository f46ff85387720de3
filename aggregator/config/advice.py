"""What is no fault, and yet somebody should look at: terms that nobody read, addresses in the clear, unexplained rests.

Each line is as a fault's: file, key, what was found, what was expected; the most pressing come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from aggregator.model import Publisher
from aggregator.rights import fault
from aggregator.text.urls import host_of

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
    for relationship, ground in _RELIED_ON.items():
        for name, publisher in publishers.items():
            rights = publisher.rights
            if rights.relationship == relationship and rights.terms_checked is None:
                expected = f"the day somebody read the publisher's terms, because {ground} is relied on"
                if rights.basis == "quotation":
                    expected = "the day somebody read the publisher's terms; until then it is quoted only"
                yield f"{name}: {fault('rights.terms_checked', None, expected)}"


def _addresses(publisher: Publisher) -> Iterator[tuple[str, str]]:
    yield "homepage", publisher.homepage
    for number, source in enumerate(publisher.sources, start=1):
        if source.url != publisher.homepage:
            yield f"source[{number}].url", source.url


def _is_https(url: str) -> bool:
    return urlsplit(url).scheme == "https"
