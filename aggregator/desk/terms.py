"""Which terms are in force: those of config/, on both sides of the end of an agreement."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import get_args

from aggregator.desk import clock
from aggregator.identity.publishers import renamed
from aggregator.model import Agreement, InForce, ItemClass, Publisher, PublisherTerms, Wire
from aggregator.rights import effective, ends_at, notices, terms
from aggregator.store import Store

# So long before its end an agreement is treated as over. The daemon looks every five seconds, and is late where another
# program keeps the database locked: for half a minute at most.
_BEFORE = timedelta(seconds=45)
_FORM = 5  # of the rows that are written: a database that an older version wrote is written anew


def sync(
    store: Store,
    wire: Wire,
    publishers: Sequence[Publisher],
    now: datetime,
    today: date,
    faulty: Mapping[str, str] = MappingProxyType({}),
) -> bool:
    """Brings publishers, sources and terms in line with config/; says whether anything had changed. `faulty`: what is
    wrong with the files of other publishers, by their keys; what is stored of these stays as it is. The day is part of
    the comparison because agreements expire. Raises StoreError.
    """
    digest = hashlib.sha256(repr((_FORM, today, wire, tuple(publishers), sorted(faulty.items()))).encode()).hexdigest()
    if store.config_digest() == digest:
        return False
    configured = [with_terms(publisher, wire, today) for publisher in publishers]
    if moved := renamed(publishers, store.stored_publishers()):
        store.rename_publishers(moved, now)
    store.configure(configured, faulty, digest, now, clock.believed(store, now))
    return True


def update(store: Store, now: datetime) -> list[str]:
    """Puts in force the terms that hold at `now`, some seconds ahead where an agreement ends; returns the keys of the
    publishers whose terms it changed. Writes only where there is something to write.
    """
    by = now + _BEFORE
    return store.switch_terms(by, now, clock.believed(store, now)) if store.terms_are_out_of_date(by) else []


def with_terms(publisher: Publisher, wire: Wire, today: date) -> PublisherTerms:
    """A publisher with the terms that hold on a day, and those of both sides of the end of its agreement."""
    last_day, moment = publisher.rights.expires, ends_at(publisher.rights)
    texts = notices(publisher, wire)
    if last_day is None or moment is None:
        return PublisherTerms(publisher=publisher, notices=texts, in_force=_in_force(publisher, wire, today))
    during = _in_force(publisher, wire, last_day)
    after = _in_force(publisher, wire, last_day + timedelta(days=1))
    ended = today > last_day
    agreement = Agreement(last_day=last_day, ends_at=moment, ended=ended, during=during, after=after)
    in_force = after if ended else during
    return PublisherTerms(publisher=publisher, notices=texts, in_force=in_force, agreement=agreement)


def _in_force(publisher: Publisher, wire: Wire, day: date) -> InForce:
    of_classes = {item_class: terms(publisher, item_class, wire, day) for item_class in get_args(ItemClass)}
    return InForce(rights=effective(publisher.rights, day), terms=of_classes)
