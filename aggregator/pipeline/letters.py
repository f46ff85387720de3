"""Letters about complaints in a program that polls: made when they are due, and sent one after the other.

A letter is sent twice only where the program ended between the moment in which it was taken and the record of that.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage

from aggregator.alerts.times import is_last, waits_until
from aggregator.delivery import mail
from aggregator.delivery.own_emails import mailbox, own_email
from aggregator.desk.letters import make_letters
from aggregator.model import Wire
from aggregator.model.complaints import Letter
from aggregator.model.errors import StoreError
from aggregator.pipeline.on_store import OnStore
from aggregator.store import Store
from aggregator.text.printable import log_line

log = logging.getLogger("aggregator.letters")

_AGAIN = timedelta(minutes=1)  # to look at thousands of complaints takes a while
_LONGEST = 300.0  # seconds in which attempts begin before all is looked at anew


@dataclass(slots=True)
class Letters:
    """Makes and sends them as long as a program runs; none where wire.toml has no [mail]."""

    wire: Wire
    on_store: OnStore
    clock: Callable[[], datetime]
    _sending: asyncio.Task[None] | None = None
    _is_ending: bool = False
    _looked: datetime | None = None  # when something was left that waits for its time; None: nothing is
    _taken: set[int] = field(default_factory=set)  # sent, and not yet recorded

    async def look(self) -> None:
        """Makes what is due, and begins to send. Raises StoreError."""
        if self.wire.mail is None:
            return
        now = self.clock()
        if self._looked is None or not self._looked <= now < self._looked + _AGAIN:
            waits = await self.on_store(lambda store: make_letters(store, self.wire, lambda: secrets.token_hex(8), now))
            self._looked = now if waits else None
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())

    async def sent(self) -> None:
        """Waits until all that is due was tried once."""
        if self._sending is not None:
            await asyncio.wait({self._sending})

    async def end(self) -> None:
        """Waits for the one that is being sent, which takes no longer than it may; the others wait in the database."""
        self._is_ending = True
        await self.sent()

    async def _send_all(self) -> None:
        try:
            for letter_id in list(self._taken):
                await self._note_sent(letter_id)
            now = self.clock()
            due = [each for each in await self.on_store(Store.letters) if waits_until(each, now) is None]
            if not due or not await self.on_store(lambda store: store.claim_letters(now)):
                return
            ends = asyncio.get_running_loop().time() + _LONGEST
            try:
                for letter in due:
                    if not self._is_ending and asyncio.get_running_loop().time() < ends:
                        await self._send_or_note(letter)
            finally:
                await self.on_store(Store.give_letters_back)
        except StoreError as error:  # whoever stores polls says so; what waits goes on waiting
            log.warning("letters wait, because the database cannot be used: %s", error)

    async def _send_or_note(self, letter: Letter) -> None:
        """A fault of ours in one letter keeps no other waiting. Raises StoreError."""
        try:
            await self._send(letter)
        except StoreError:
            raise
        except Exception:
            log.exception("internal error (bug), please report it")
            await self._note_failure(letter, "internal error (bug); see the log")

    async def _send(self, letter: Letter) -> None:
        """One attempt. That it begins is written first: what cannot be recorded is not sent."""
        now = self.clock()
        if not await self.on_store(lambda store: store.note_letter_attempt(letter.letter_id, now)):
            return  # its complaint was erased meanwhile
        error = await self._handed_over(letter)
        if error is None:
            self._taken.add(letter.letter_id)
            await self._note_sent(letter.letter_id)
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

    async def _note_sent(self, letter_id: int) -> None:
        now = self.clock()
        await self.on_store(lambda store: store.note_letter_sent(letter_id, now))
        self._taken.discard(letter_id)


def as_email(letter: Letter, wire: Wire, now: datetime) -> EmailMessage:
    """The e-mail of a letter, the same Message-ID at every attempt. Raises ValueError."""
    made = own_email(wire, letter.recipient, letter.subject, f"{letter.token}.complaints", now)
    if letter.kind in ("receipt", "outcome"):
        made["Reply-To"] = mailbox(wire.complaints_email)
    made.set_content(letter.text)
    return made
