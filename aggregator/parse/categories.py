"""What a publisher files a report under: categories, subjects, keywords, sections, with their schemes and labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from aggregator.model import Category
from aggregator.parse.xml import Element

NAMES = (
    "category", "dc:subject", "media:category", "media:keywords", "itunes:keywords", "itunes:category",
    "atom:category", "keywords",
)  # fmt: skip
SECTION = "slash:section"  # the scheme of what Slash calls so
_MOST, _LONGEST = 500, 300  # categories of an entry; characters of a scheme or a label


def categories_of(said: Sequence[Element], parts: Mapping[str, Sequence[Element]]) -> tuple[Category, ...]:
    """`said`: the entry's own elements of `NAMES`, in order; `parts`: its other ones by name."""
    wrapped = [each for group in parts.get("categories", ()) for each in group.all(*NAMES)]
    groups = parts.get("media:group", ())
    media = [
        *parts.get("media:content", ()),
        *groups,
        *(each for group in groups for each in group.all("media:content")),
    ]
    of_media = [each for around in media for each in around.all("media:category", "media:keywords")]
    found = [category for each in (*wrapped, *said, *of_media) for category in _categories_in(each)]
    # `slash:comments` and other counts are left out: they change at every poll, and say nothing of the report.
    return each_once((*found, *(Category(each.token, SECTION) for each in parts.get(SECTION, ()))))


def each_once(found: Iterable[Category]) -> tuple[Category, ...]:
    """Without those that have no term, and without a second one of a term in one scheme."""
    kept: dict[tuple[str, str | None], Category] = {}
    for each in found:
        if each.term:
            kept.setdefault((each.term, each.scheme), each)
    return tuple(islice(kept.values(), _MOST))


def category(term: str, scheme: str | None, label: str | None) -> Category:
    """One whose scheme and label are bounded. A label that repeats the term says nothing."""
    return Category(term, _bounded(scheme), None if label == term else _bounded(label))


def _bounded(said: str | None) -> str | None:
    return said if said and len(said) <= _LONGEST else None


def _categories_in(said: Element) -> Iterator[Category]:
    """A term that is an attribute, as in Atom, wins."""
    if said.name.endswith("keywords"):
        yield from (Category(term) for part in said.text.split(",") if (term := part.strip()))
    elif not said.attributes:
        yield Category(said.token)
    else:
        stated = {name: value.strip() for name, value in said.attributes.items()}
        term, label, text = (stated.get(name, "") for name in ("term", "label", "text"))
        scheme = None if said.name == "dc:subject" else stated.get("scheme") or stated.get("domain")
        yield category(term or said.token or label or text, scheme, label)
