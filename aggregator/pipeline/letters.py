"""Letters about complaints in a program that polls: made when they are due, and sent one after the other."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial

from aggregator.alerts.times import is_last, waits_until
from aggregator.delivery import mail
from aggregator.delivery.own_emails import mailbox, own_email
from aggregator.desk.letters import make_letters
from aggregator.model import Wire
from aggregator.model.complaints import Letter
from aggregator.pipeline.on_store import OnStore
from aggregator.pipeline.sending import Sending
from aggregator.store import Store
from aggregator.text.printable import log_line

log = logging.getLogger("aggregator.letters")

_AGAIN = timedelta(minutes=1)  # to look at thousands of complaints takes a while


@dataclass(slots=True)
class Letters:
    """Makes and sends them as long as a program runs; none where wire.toml has no [mail]."""

    wire: Wire
    on_store: OnStore
    clock: Callable[[], datetime]
    sending: Sending = field(init=False)
    _looked: datetime | None = None  # when something was left that waits for its time; None: nothing is

    def __post_init__(self) -> None:
        self.sending = Sending("letters", log, self.on_store)

    async def look(self) -> None:
        """Makes what is due, and begins to send. Raises StoreError."""
        if self.wire.mail is None:
            return
        now = self.clock()
        if self._looked is None or not self._looked <= now < self._looked + _AGAIN:
            waits = await self.on_store(lambda store: make_letters(store, self.wire, lambda: secrets.token_hex(8), now))
            self._looked = now if waits else None
        self.sending.begin(self._send_all)

    async def _send_all(self) -> None:
        now = self.clock()
        due = [each for each in await self.on_store(Store.letters) if waits_until(each, now) is None]
        if not due or not await self.on_store(lambda store: store.claim_letters(now)):
            return
        try:
            for letter in due:
                await self.sending.attempt(partial(self._send, letter), partial(self._note_failure, letter))
        finally:
            await self.on_store(Store.give_letters_back)

    async def _send(self, letter: Letter) -> None:
        """One attempt. That it begins is written first: what cannot be recorded is not sent."""
        now = self.clock()
        if not await self.on_store(lambda store: store.note_letter_attempt(letter.letter_id, now)):
            return  # its complaint was erased meanwhile
        error = await self._handed_over(letter)
        if error is None:
            taken_at = self.clock()
            await self.sending.note_sent(
                letter.letter_id, lambda store: store.note_letter_sent(letter.letter_id, taken_at)
            )
        else:
            await self._note_failure(letter, error)
        said = {"letter": letter.kind, "number": letter.letter_id, "attempt": letter.attempts + 1, "error": error}
        log.log(logging.WARNING if error else logging.INFO, "%s", log_line(said))

    async def _handed_over(self, letter: Letter) -> str | None:
        """What went wrong; None: it was taken."""
        assert self.wire.mail is not None  # `look` looked
        try:
            message = as_email(letter, self.wire, self.clock())
            return await mail.send(self.wire.mail, message, os.environ)
        except (ValueError, IndexError):  # an address of which the rules of e-mail make none, or several
            return "its address is not one that e-mails can be sent to"

    async def _note_failure(self, letter: Letter, error: str) -> None:
        now = self.clock()
        give_up = is_last(letter, now)
        await self.on_store(lambda store: store.note_letter_failure(letter.letter_id, error, now, give_up=give_up))


def as_email(letter: Letter, wire: Wire, now: datetime) -> EmailMessage:
    """The e-mail of a letter, the same Message-ID at every attempt. Raises ValueError."""
    made = own_email(wire, letter.recipient, letter.subject, f"{letter.token}.complaints", now)
    if letter.kind in ("receipt", "outcome"):
        made["Reply-To"] = mailbox(wire.complaints_email)
    made.set_content(letter.text)
    return made
