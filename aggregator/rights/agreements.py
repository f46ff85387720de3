"""When an agreement ends, and what becomes of its publisher's reports then; pure.

`expires` is the last day of an agreement, and a day is one of UTC, as all times here are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from aggregator.model import Publisher, Rights
from aggregator.rights.gate import effective

# So many days before its end somebody should hear of it: as long as it takes to agree anew.
NOTICE_DAYS = 30
_ADVICE = "renew it and write its new last day, or choose terms that have no end"
_DAY = timedelta(days=1)
_SCOPES: Mapping[str, str] = MappingProxyType(
    {"full_text": "the full text", "excerpt": "an excerpt", "headline_only": "headline and link", "none": "nothing"}
)


def ends_at(rights: Rights) -> datetime | None:
    """The first moment after the agreement, midnight UTC; None: these rights have no end."""
    if rights.expires is None or rights.expires == date.max:  # no day comes after that one
        return None
    return datetime.combine(rights.expires + _DAY, time(), UTC)


def what_leaves(during: str, after: str) -> str:
    """What leaves of a report once an agreement has ended, in words, by the text scopes (`TextScope`) of both times."""
    if during == after:
        return f"{_SCOPES[after]} is published, as before"
    return f"{_SCOPES[after]} is published instead of {_SCOPES[during]}"


def agreement_warnings(publishers: Mapping[str, Publisher], today: date) -> Iterator[str]:
    """A line for every agreement that has ended, then for every one that ends within `NOTICE_DAYS`, and for terms that
    were read on a day that has not come; `publishers` by the names of their files. The lines are of the form of
    `Config.warnings`.
    """
    for name, one in publishers.items():
        checked = one.rights.terms_checked
        if checked is not None and checked > today + _DAY:  # it may be tomorrow already where it was written
            yield f"{name}: rights.terms_checked: found {checked}, expected a day that has come"
    ending = {name: one.rights for name, one in publishers.items() if ends_at(one.rights) is not None}
    for name, rights in ending.items():
        if rights.expires is not None and rights.expires < today:
            ago = _days(today - rights.expires)
            yield (
                f"{name}: rights.expires: the agreement ended on {rights.expires}, {ago} ago; since then "
                f"{_left_of(rights)}; {_ADVICE}"
            )
    for name, rights in ending.items():
        if rights.expires is not None and today <= rights.expires <= _later(today, NOTICE_DAYS):
            left = rights.expires - today
            yield (
                f"{name}: rights.expires: the agreement ends on {rights.expires}, "
                f"{'today' if not left else f'in {_days(left)}'}; after that day {_left_of(rights)}; {_ADVICE}"
            )


def end_in_words(rights: Rights, today: date) -> str | None:
    """`ended 2026-11-01` of an agreement that has ended, `ends 2026-12-15` of one that ends within `NOTICE_DAYS`."""
    if ends_at(rights) is None or rights.expires is None or rights.expires > _later(today, NOTICE_DAYS):
        return None
    return f"{'ended' if rights.expires < today else 'ends'} {rights.expires}"


def _left_of(rights: Rights) -> str:
    assert rights.expires is not None  # the caller looked
    during, after = (effective(rights, day).text_scope for day in (rights.expires, rights.expires + _DAY))
    return what_leaves(during, after)


def _later(day: date, days: int) -> date:
    return date.max if (date.max - day).days < days else day + timedelta(days=days)


def _days(span: timedelta) -> str:
    return "1 day" if span == _DAY else f"{span.days:,} days"
