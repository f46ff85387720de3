"""What was taken for one report, or for two, and may be otherwise: each with the reason and the command that mends it.

Nothing is changed here; a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from aggregator.identity import keys_of, why_another, why_one, why_two
from aggregator.model import AtAddress
from aggregator.store import Store
from aggregator.text.dates import from_iso, read_date
from aggregator.text.raw_words import decode

DOUBLE = "one report, held twice"  # the reason of a join


class Suspect(Struct, frozen=True, kw_only=True):
    """One stored decision that may be wrong."""

    article: str  # public id of the report concerned
    publisher_name: str = ""
    title: str | None = None  # None: it is out of the wire
    reason: str
    # What mends it, one of these: the merge of this number is undone, a version is split off, or it is joined to the
    # report that stays.
    merge: int | None = None
    version: int | None = None
    kept: str | None = None

    @property
    def command(self) -> str:
        """The same as it is typed."""
        if self.merge is not None:
            return f"aggregator split {self.merge}"
        if self.version is not None:
            return f"aggregator split {self.article} {self.version}"
        return f"aggregator join {self.kept} {self.article} --reason '{DOUBLE}'"


def listed(store: Store, since: datetime | None = None) -> list[Suspect]:
    """Merges of two reports, versions that are another report's, and reports that are held twice; since a time. Where
    several versions of one report are, the newest stands first, because it is to be split off first.
    """
    found = [*_merged(store, since), *_overwritten(store, since), *_doubled(store, since)]
    names = store.named([each.article for each in found])
    return [replace(each, publisher_name=names[each.article][0], title=names[each.article][1]) for each in found]


def count_merged(store: Store, since: datetime) -> int:
    """How many merges since a time may be wrong: of all that is listed what costs by the merges alone."""
    return sum(1 for _ in _merged(store, since))


def _merged(store: Store, since: datetime | None) -> Iterator[Suspect]:
    for each in store.merged_words(since):
        if reason := why_two(decode(each.before), decode(each.after)):
            yield Suspect(article=each.id, reason=reason, merge=each.number)


def _overwritten(store: Store, since: datetime | None) -> Iterator[Suspect]:
    for each in store.overwritten_words(since):
        before, after = decode(each.before), decode(each.after)
        if reason := why_another(before, after, (read_date(before.published), read_date(after.published))):
            yield Suspect(article=each.id, reason=reason, version=each.number)


def _doubled(store: Store, since: datetime | None) -> Iterator[Suspect]:
    for group in store.at_one_address(since):
        first_seen = max(each.first_seen for each in group)
        yield from (each for each in _doubles(store, group) if not _is_confirmed(store, each.article, first_seen))


def _is_confirmed(store: Store, report: str, since: datetime) -> bool:
    """Whether a person has said, since a time, that a report is right as it is."""
    return any(act["act"] == "confirm" and from_iso(act["at"]) >= since for act in store.acts(report))


def _doubles(store: Store, group: Sequence[AtAddress]) -> Iterator[Suspect]:
    """Of the reports at one address each that is held already. The one that stays is what later versions are taken for,
    or else the first. Those without guids that came at once are reports of one page.
    """
    said = {each.article_id: decode(each.raw) for each in group}
    rest = list(group)
    while rest:
        entry = said[rest[0].article_id]
        one = [each for each in rest if each is rest[0] or why_one(entry, said[each.article_id])]
        rest = [each for each in rest if each not in one]
        if not entry.id and len({each.first_seen for each in one}) < len(one):
            continue
        (keys,) = keys_of([entry])
        follows = store.articles_under(group[0].publisher, keys)
        kept = next((each for key in keys for each in one if each.article_id == follows.get(key)), one[0])
        for each in one:
            if each is not kept:
                reason = f"held twice, also as {kept.id}: {why_one(entry, said[each.article_id])}"
                yield Suspect(article=each.id, reason=reason, kept=kept.id)
