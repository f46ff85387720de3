"""Letters about complaints: to the desk of each new matter, and to those who complained when it is resolved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from aggregator.desk.complaints import found_complaint, proposal
from aggregator.model import Wire
from aggregator.model.complaints import Matter, NewLetter
from aggregator.model.errors import DeskError
from aggregator.output import complaint_mail
from aggregator.store import Store

_MOST_AN_HOUR = 20  # letters to the desk, whatever comes by the form
_AGAIN_AFTER = timedelta(hours=1)  # of the same matter


def make_letters(store: Store, wire: Wire, token: Callable[[], str], now: datetime) -> bool:
    """Makes what is due; writes only where there is any. Returns whether something waits for its time. For an open
    matter there is one letter with the words of its first complaint; later letters, one an hour at most, have only the
    number of further complaints. `token`: a new one, for a Message-ID. Raises StoreError.
    """
    if not store.letters_are_due():
        return False
    for number, email, answer in store.complaints_to_tell():
        subject, text = complaint_mail.outcome(wire, answer)
        letter = NewLetter(kind="outcome", recipient=email, subject=subject, text=text, token=token())
        store.add_letter_of_outcome(letter, number, now)
    matters = [matter for matter in store.matters() if matter.untold]
    room = _MOST_AN_HOUR - store.letters_to_desk(now - timedelta(hours=1)) if matters else 0
    due = [each for each in matters if each.told_at is None or not now - _AGAIN_AFTER < each.told_at <= now]
    for matter in sorted(due, key=lambda each: each.oldest)[: max(0, room)]:
        _tell_desk(store, wire, matter, token(), now)
    return store.letters_are_due()


def _tell_desk(store: Store, wire: Wire, matter: Matter, token: str, now: datetime) -> None:
    numbers = store.untold_complaints(matter.report)
    if not numbers:  # they were resolved meanwhile
        return
    first = numbers[0]
    try:
        row = found_complaint(store, first)
    except DeskError:
        return
    addressee = store.addressee(matter.report) if matter.report else None
    if matter.told_at is None:
        kind = row["complaint_kind"]
        proposed = proposal(kind, store.report_state(matter.report) if matter.report else None)
        act = proposed.act if proposed else None
        subject, text = complaint_mail.matter(wire, matter, row, addressee, act)
        letter = NewLetter(kind="matter", recipient=wire.complaints_email, subject=subject, text=text, token=token)
    else:
        subject, text = complaint_mail.more(wire, matter, addressee)
        letter = NewLetter(kind="more", recipient=wire.complaints_email, subject=subject, text=text, token=token)
    store.add_letter_of_matter(letter, first, numbers[-1], now)
