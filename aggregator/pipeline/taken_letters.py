"""Tells publishers whose files ask for it who took their reports: an e-mail a day at most, beside the polls."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from functools import partial

from aggregator.delivery import mail
from aggregator.delivery.own_emails import mailbox, own_email
from aggregator.model import Config, Publisher, Wire
from aggregator.model.taken import TakenLetter
from aggregator.output import taken_mail
from aggregator.pipeline.on_store import OnStore
from aggregator.pipeline.sending import Sending
from aggregator.store import Store
from aggregator.text.printable import log_line

log = logging.getLogger("aggregator.taken")

_MOST_AT_ONCE = 50  # e-mails of one look; the others have their turn at the next


def told_at(publisher: Publisher) -> str | None:
    """The e-mail address at which a publisher is told what was taken of its reports; None: it is not told."""
    return publisher.contact.mailbox if publisher.contact.tell_taken else None


@dataclass(slots=True)
class TakenLetters:
    """Sends them as long as a program runs."""

    config: Config
    on_store: OnStore
    clock: Callable[[], datetime]
    sending: Sending = field(init=False)

    def __post_init__(self) -> None:
        self.sending = Sending("e-mails about taken reports", log, self.on_store)

    def look(self) -> None:
        """Begins to send what is due."""
        addresses = {each.key: to for each in self.config.publishers if (to := told_at(each))}
        if addresses and self.config.wire.mail is not None:
            self.sending.begin(partial(self._send_all, addresses))

    async def _send_all(self, addresses: Mapping[str, str]) -> None:
        for _ in range(_MOST_AT_ONCE):
            now = self.clock()
            letter = await self.on_store(partial(_next, addresses=addresses, now=now))
            if letter is None or not self.sending.may_begin:
                return
            send = partial(self._send, letter, addresses[letter.publisher])
            await self.sending.attempt(send, partial(self._note_failure, letter))

    async def _send(self, letter: TakenLetter, to: str) -> None:
        """One attempt. That it begins is written first: what cannot be recorded is not sent."""
        wire, now = self.config.wire, self.clock()
        assert wire.mail is not None
        if not await self.on_store(lambda store: store.note_taken_letter_attempt(letter.publisher, now)):
            return
        error = await mail.send(wire.mail, as_email(letter, to, wire, now), os.environ)
        if error is None:
            taken_at = self.clock()
            await self.sending.note_sent(letter, lambda store: store.note_taken_letter_sent(letter, taken_at))
        else:
            await self._note_failure(letter, error)
        said = {"publisher": letter.publisher, "reports": len(letter.rows), "attempt": letter.attempts + 1}
        log.log(logging.WARNING if error else logging.INFO, "%s", log_line({**said, "error": error}))

    async def _note_failure(self, letter: TakenLetter, error: str) -> None:
        await self.on_store(lambda store: store.note_taken_letter_failure(letter.publisher, error))


def _next(store: Store, addresses: Mapping[str, str], now: datetime) -> TakenLetter | None:
    return store.next_taken_letter(addresses.keys(), now)


def as_email(letter: TakenLetter, to: str, wire: Wire, now: datetime) -> EmailMessage:
    """The same Message-ID at every attempt."""
    name = f"taken.{letter.rows[0].number}.{letter.publisher}"
    made = own_email(wire, to, taken_mail.subject(letter, wire), name, now)
    made["Reply-To"] = mailbox(wire.complaints_email)
    made.set_content(taken_mail.text(letter, wire))
    return made
