"""What a page says of who may read its report, under which licence it stands, and how it was corrected."""

from __future__ import annotations

import re

from aggregator.parse.page.headline import Metas
from aggregator.parse.page.linked import Object, each_of, text_of
from aggregator.parse.page.tree import Element, line, named
from aggregator.text.pictures import web_address
from aggregator.text.urls import literal

_MOST_LICENCES = 10
_TIERS = ("article:content_tier", "og:article:content_tier", "content_tier", "article:tier", "cxenseparse:paywall")
_LOCKED = frozenset(("locked", "metered", "premium", "paid", "subscriber", "registered", "yes", "true"))
_WALL = re.compile(
    r"(?:^|[\s_-])(?:paywall|pay-wall|regwall|piano-(?:inline|container)|subscriber-only|premium-(?:wall|lock)|tp-container|leaky_paywall\w*|article-?locked)(?:$|[\s_-])"
)


def is_free(report: Object, objects: list[Object], metas: Metas, root: Element) -> tuple[bool | None, str]:
    """Whether whoever asks may read all of the report, and the rule; None: it is not said.

    `isAccessibleForFree` (https://developers.google.com/search/docs/appearance/structured-data/paywalled-content),
    `article:content_tier` (https://developers.facebook.com/docs/instant-articles/subscriptions/content-tiering).
    """
    for each in (report, *(part for part in each_of(report.get("hasPart"), objects) if isinstance(part, dict))):
        said = each.get("isAccessibleForFree")
        if said is not None:
            free = str(said).strip().lower().rpartition("/")[2] not in ("false", "0", "no")
            if not free or each is report:
                return free, "json-ld"
    for name in _TIERS:
        for tier in metas.get(name, ()):
            return tier.strip().lower() not in _LOCKED, "meta"
    for element in root.iter("div", "section", "aside"):
        if _WALL.search(named(element)):
            return False, "paywall"
    return None, ""


def licences_of(root: Element, report: Object, objects: list[Object], base: str) -> tuple[tuple[str, ...], str]:
    """The licences that a page says it is under, as addresses or names, and the rule of the first."""
    found: dict[str, str] = {}
    for value in each_of(report.get("license"), objects):
        said = (
            text_of(value.get("url") or value.get("@id") or value.get("name"))
            if isinstance(value, dict)
            else text_of(value)
        )
        if said:
            found.setdefault(
                literal(web_address(base, said)) if said.startswith(("http", "/")) else said[:300], "json-ld"
            )
    for each in root.iter("link", "a"):
        if "license" in (each.get("rel") or "").lower().split() and (
            address := web_address(base, each.get("href") or "")
        ):
            found.setdefault(literal(address), "rel")
    kept = tuple(each for each in found if each)[:_MOST_LICENCES]
    return kept, found[kept[0]] if kept else ""


def rights_of(report: Object, metas: Metas) -> str:
    """The notice of copyright of a page."""
    said = text_of(report.get("copyrightNotice")) or text_of(report.get("usageInfo"))
    return said or next(
        (line(each) for name in ("copyright", "dc.rights", "dcterms.rights", "rights") for each in metas.get(name, ())),
        "",
    )


def correction_of(report: Object, objects: list[Object]) -> str:
    """The publisher's own note on what it corrected (https://schema.org/correction)."""
    notes = (
        text_of(each.get("text") or each.get("description") or each.get("name"), 2_000)
        if isinstance(each, dict)
        else text_of(each, 2_000)
        for each in each_of(report.get("correction"), objects)
    )
    return "\n".join(dict.fromkeys(note for note in notes if note))
