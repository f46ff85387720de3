"""A report in the words of schema.org, for the JSON-LD of its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from aggregator.model.release import Release
from aggregator.output import beside


def described(release: Release, where: str, wire: str, site: str) -> dict[str, Any]:
    """The report in the words of schema.org, for JSON-LD (https://schema.org/NewsArticle); `where`: its page. `wire`,
    `site`: who publishes the page, by name and home page.
    """
    place = release.publisher_place
    corrected = {"@type": "CorrectionComment", "datePublished": release.changed_at} if release.corrected else None
    publisher = {
        "@type": "Organization",
        "name": release.publisher_name,
        "url": release.homepage,
        "address": {"@type": "PostalAddress", "addressLocality": place} if place else None,
    }
    said = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "url": where,
        "headline": release.headline or None,
        "inLanguage": release.language,
        "datePublished": release.published or release.first_seen,
        "dateModified": release.changed_at or release.updated,
        "dateline": release.dateline,
        "locationCreated": {"@type": "Place", "name": release.located} if release.located else None,
        "author": _authors(release) or publisher,
        "publisher": publisher,
        "sdPublisher": {"@type": "Organization", "name": wire, "url": site or None},
        "isBasedOn": release.url,
        "creditText": release.credit,
        "copyrightNotice": release.copyright_notice,
        "copyrightHolder": release.copyright_holder and {"@type": "Organization", "name": release.copyright_holder},
        "license": release.licence_url,
        "correction": corrected,
        "keywords": list(release.categories) or None,
        "about": [
            *(
                {"@type": "Thing", "name": label, "sameAs": beside.TOPICS + code}
                for code, label in beside.topics(release)
            ),
            *({"@type": "Country", "identifier": each, "name": each} for each in release.about),
        ]
        or None,
        "image": [each.url for each in release.pictures] or None,
    }
    return dict(_said(said.items()))


def _authors(release: Release) -> list[dict[str, str]] | dict[str, str] | None:
    """The persons whom the byline names, or the byline as it is stated."""
    persons = [{"@type": "Person", "name": name} for name in beside.authors(release)]
    if len(persons) > 1:
        return persons
    name = persons[0]["name"] if persons else release.byline
    return {"@type": "Person", "name": name} if name else None


def _said(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in items:
        if isinstance(value, dict):
            yield name, dict(_said(value.items()))
        elif value is not None:
            yield name, value
