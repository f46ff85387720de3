"""What a publisher files a report under: categories, subjects, keywords, sections, with their schemes and labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aggregator.model import Category
from aggregator.parse.media import AROUND_MEDIA
from aggregator.parse.xml import Element

NAMES = (
    "category", "dc:subject", "media:category", "media:keywords", "itunes:keywords", "itunes:category",
    "atom:category", "keywords",
)  # fmt: skip
_OF_MEDIA = ("media:category", "media:keywords")
SECTION = "slash:section"  # the scheme of what Slash calls so
_MOST, _LONGEST = 500, 300  # categories of an entry; characters of a scheme or a label


def categories_of(said: Sequence[Element], parts: Mapping[str, Sequence[Element]]) -> tuple[Category, ...]:
    """`said`: the entry's own elements of `NAMES`, in order; `parts`: its other ones by name."""
    elements = [each for group in parts.get("categories", ()) for each in group.all(*NAMES)]
    elements += said
    elements += [each for around in parts.get(AROUND_MEDIA, ()) for each in around.all(*_OF_MEDIA)]
    found = [category for each in elements for category in _categories_in(each)]
    # `slash:comments` and other counts are left out: they change at every poll, and say nothing of the report.
    found += [Category(each.token, SECTION) for each in parts.get(SECTION, ())]
    return each_once(found)


def each_once(found: Iterable[Category]) -> tuple[Category, ...]:
    """Without those that have no term, and without those that say no more than another of the term in its scheme."""
    kept = [*dict.fromkeys(each for each in found if each.term)]
    labelled = {(each.term, each.scheme) for each in kept if each.label}
    return tuple(each for each in kept if each.label or (each.term, each.scheme) not in labelled)[:_MOST]


def _category(term: str, scheme: str | None, label: str | None) -> Category:
    """One whose scheme and label are bounded. A label that repeats the term says nothing."""
    return Category(term, _bounded(scheme), None if label == term else _bounded(label))


def _bounded(said: str | None) -> str | None:
    return said if said and len(said) <= _LONGEST else None


def _categories_in(said: Element) -> list[Category]:
    """A term that is an attribute, as in Atom, wins."""
    if said.name.endswith("keywords"):
        return [Category(term) for part in said.text.split(",") if (term := part.strip())]
    if not said.attributes:
        return [Category(said.token)]
    stated = {name: value.strip() for name, value in said.attributes.items()}
    term, label, text = (stated.get(name, "") for name in ("term", "label", "text"))
    scheme = None if said.name == "dc:subject" else stated.get("scheme") or stated.get("domain")
    return [_category(term or said.token or label or text, scheme, label)]
