"""A report as one flat record: the names that JSON Lines, CSV and JSON Feed share."""

from __future__ import annotations

from typing import Any

from aggregator.model.plain import as_dict
from aggregator.model.release import Release
from aggregator.output import beside

# Names, in the order of columns, and what each is.
FIELDS = (
    ("id", "the wire's own id, the same on every machine"),
    ("revision", "the number of this version, from 1"),
    ("publisher", "the publisher's key"),
    ("publisher_name", "who wrote and answers for it"),
    ("publisher_place", "its city; empty: not known"),
    ("publisher_kind", "newspaper, government, ngo ..."),
    ("publisher_group", "news_organization, institution, individual or own"),
    ("homepage", "the publisher's site"),
    ("country", "of the publisher: ISO 3166-1, XA or XW"),
    ("class", "news, opinion, press_release ..."),
    ("title", "the publisher's headline; empty: none"),
    ("byline", "as stated"),
    ("dateline", "as stated"),
    ("located", "where it was written, by its dateline; empty: it has none"),
    ("authors", "persons whom the byline names"),
    ("agencies", "agencies that dateline, byline or credits name, as they stand there"),
    ("language", "BCP 47; empty: not known"),
    ("language_from", "what says it: stated, script, words, short, configured; empty: it was not looked for"),
    ("published", "UTC, ISO 8601; empty: not stated"),
    ("updated", "as the publisher states it, UTC"),
    ("first_seen", "when the wire received it first, UTC"),
    ("changed_at", "when this version was received; empty: it is the first"),
    ("corrected", "whether this version is a correction by the publisher"),
    ("scope", "what is published: headline_only, excerpt or full_text"),
    ("summary", "plain text"),
    ("text", "plain text, a line a paragraph"),
    ("url", "the original"),
    ("credit", "the credit line that must be shown beside it"),
    ("copyright_notice", "empty: none"),
    ("licence", "an SPDX id; empty: none"),
    ("licence_url", "empty: none"),
    ("usage_terms", "what may be done with it"),
    ("ai_train", "training of models: allowed, refused or unstated"),
    ("ai_input", "answers by machines"),
    ("ai_search", "search"),
    ("disclaimer", "all that must be said beside it"),
    ("origin", "whom the publisher has it from, or the first agency that it names"),
    ("corrections_contact", "where its publisher is asked for a correction"),
    ("permissions_contact", "where its publisher is asked for permission; empty: not known"),
    ("complaints_url", "where readers report a problem"),
    ("categories", "the publisher's own"),
    ("topics", "that the wire found: codes of IPTC Media Topics"),
    ("about", "countries that the wire found it is about: ISO 3166-1"),
    ("guid", "the publisher's own id"),
    ("words_hash", "SHA-256 of its words"),
)
NAMES = tuple(name for name, _ in FIELDS)
LISTS = ("authors", "agencies", "categories", "topics", "about")


def record(release: Release) -> dict[str, Any]:
    """The record, by the names of FIELDS: None where nothing is said; those of LISTS are lists."""
    said = {name: getattr(release, name) for name in NAMES if hasattr(release, name)}
    return {
        name: value if value != "" else None
        for name, value in {
            **dict.fromkeys(NAMES),
            **said,
            "class": release.item_class,
            "title": release.headline,
            "ai_train": release.uses.train,
            "ai_input": release.uses.input,
            "ai_search": release.uses.search,
            "disclaimer": " ".join((*release.disclaimers, release.general)),
            **{name: list(getattr(release, name)) for name in LISTS if name != "authors"},
            "authors": beside.authors(release),
        }.items()
    }


def pictures(release: Release) -> list[dict[str, Any]]:
    """Those that may be shown, each with what must stand beside it."""
    return [
        {
            name: value
            for name in ("url", "type", "width", "height", "caption", "credit", "copyright", "alt", "disclaimer")
            if (value := getattr(picture, name)) is not None
        }
        | ({"sizes": [as_dict(size) for size in picture.sizes]} if picture.sizes else {})
        for picture in release.pictures
    ]
