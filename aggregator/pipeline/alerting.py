"""Saved searches in a program that polls: what was not matched where it was read is matched, who is owed what is noted,
and messages are sent, beside the polls.

Nothing is lost when the program ends at any moment: what is owed stands in the database until its message was taken.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from aggregator.alerts.owed import make_messages
from aggregator.alerts.times import is_last, waits_until
from aggregator.delivery import command, mail
from aggregator.delivery.own_emails import own_email, own_host
from aggregator.desk import clock as desk_clock
from aggregator.desk.outgoing import outlet, releases
from aggregator.model import (
    DEFAULT_DISCLAIMERS,
    Alert,
    AlertEntry,
    AlertItem,
    AlertMessage,
    Channel,
    Config,
    SavedSearch,
    Sent,
    Wire,
)
from aggregator.model.release import Release
from aggregator.output import alert_mail
from aggregator.pipeline.match_waiting import match_waiting
from aggregator.pipeline.on_store import OnStore
from aggregator.pipeline.sending import Sending
from aggregator.rights import fill
from aggregator.store import Store
from aggregator.text.printable import log_line

log = logging.getLogger("aggregator.alerts")

_AT_ONCE = 4  # messages that are sent at the same time
_COMMAND_SECONDS = timedelta(seconds=60)
_OUT = "This report is not in the wire any more. Please do not use what was sent to you before."


class _Ready(Struct, frozen=True):
    """A message with its words, as they may leave now."""

    alert: Alert
    sent: tuple[Sent, ...]
    left: Counter[tuple[str, Channel]]
    seq: int  # the last line of the ledger when they were read


@dataclass(slots=True)
class Alerter:
    """Looks after saved searches as long as a program runs."""

    config: Config
    folder: Path  # where commands run
    on_store: OnStore
    clock: Callable[[], datetime]
    sending: Sending = field(init=False)

    def __post_init__(self) -> None:
        self.sending = Sending("alerts", log, self.on_store)

    async def look(self) -> None:
        """Matches, notes who is owed what, and begins to send; without a search, too: whoever got a report by one that
        was removed is told when it is taken back. Raises StoreError.
        """
        await match_waiting(self.on_store)
        now = self.clock()
        await self.on_store(partial(_prepare, now=now))
        self.sending.begin(self._send_all)

    async def _send_all(self) -> None:
        """What is due, several at a time, each for another recipient."""
        now = self.clock()
        due = [each for each in await self.on_store(Store.alert_messages) if waits_until(each, now) is None]
        if not due or not await self.on_store(lambda store: store.claim_alerts(now)):
            return
        room = asyncio.Semaphore(_AT_ONCE)
        try:
            # None is stopped by a fault of another: it may have been taken already.
            ended = await asyncio.gather(*(self._in_turn(message, room) for message in due), return_exceptions=True)
        finally:
            await self.on_store(Store.give_alerts_back)
        for error in filter(None, ended):
            raise error

    async def _in_turn(self, message: AlertMessage, room: asyncio.Semaphore) -> None:
        async with room:
            await self.sending.attempt(partial(self._send, message), partial(self._note_failure, message))

    async def _send(self, message: AlertMessage) -> None:
        """One attempt. That it begins is written first: what cannot be recorded is not sent."""
        now = self.clock()
        await self.on_store(lambda store: store.note_attempt(message.message_id, now))
        ready = await self.on_store(lambda store: made_ready(store, self.config, message, self.clock()))
        error = await self._handed_over(message, ready.alert) if ready.alert.entries else None
        if error is None:
            record = partial(_note_sent, message=message, ready=ready, now=self.clock())
            await self.sending.note_sent(message.message_id, record)
        else:
            await self._note_failure(message, error)
        said = {"search": message.search, "reports": len(ready.alert.entries), "attempt": message.attempts + 1}
        log.log(logging.WARNING if error else logging.INFO, "%s", log_line({**said, "error": error}))

    async def _note_failure(self, message: AlertMessage, error: str) -> None:
        now = self.clock()
        give_up = is_last(message, now)
        await self.on_store(lambda store: store.note_failure(message.message_id, error, now, give_up=give_up))

    async def _handed_over(self, message: AlertMessage, alert: Alert) -> str | None:
        """What went wrong; None: it was taken."""
        tell, wire = message.tell, self.config.wire
        if tell.email is None:
            said = json.dumps(alert_mail.as_object(alert)).encode() + b"\n"
            return (await command.run(tell.command, said, self.folder, _COMMAND_SECONDS))[1]
        if wire.mail is None:
            return "wire.toml has no [mail], which says by which server e-mails are sent"
        return await mail.send(wire.mail, as_email(alert, message, wire, self.clock()), os.environ)


def _prepare(store: Store, now: datetime) -> None:
    while store.collect_owed(now):
        pass
    make_messages(store, lambda: secrets.token_hex(8), desk_clock.believed(store, now))


def _note_sent(store: Store, message: AlertMessage, ready: _Ready, now: datetime) -> None:
    store.note_sent(message, ready.sent, ready.seq, now, ready.left)


# What a message says


def made_ready(store: Store, config: Config, message: AlertMessage, now: datetime) -> _Ready:
    """The reports of a message as they may leave now; what may not is left out. Raises StoreError."""
    search = next((each for each in config.searches if each.name == message.search), None)
    channel: Channel = "email" if message.tell.email else "api"
    by = outlet(store, channel, now)
    last = store.last_cursor()
    found = {each.id: each for each in releases(store, config.wire, [item.id for item in message.items], by)}
    entries = [entry for item in message.items if (entry := _entry(store, item, found.get(item.id)))]
    revisions = {entry.id: entry.release.revision for entry in entries if entry.release}
    return _Ready(
        alert=_alert(config.wire, search, message.search, tuple(entries)),
        sent=tuple(Sent(id=each.id, kind=each.kind, revision=revisions.get(each.id, 0)) for each in entries),
        left=Counter((each.release.publisher, channel) for each in entries if each.release),
        seq=last.seq if last else 0,
    )


def _alert(wire: Wire, search: SavedSearch | None, name: str, entries: tuple[AlertEntry, ...]) -> Alert:
    return Alert(
        search=name,
        title=search.title if search else name,
        words=search.words if search else "",
        wire=wire.name,
        site=wire.url,
        general=fill(DEFAULT_DISCLAIMERS["general"], {"wire": wire.name}),
        complaints_url=wire.complaints_url,
        complaints_email=wire.complaints_email,
        entries=entries,
    )


def _entry(store: Store, item: AlertItem, found: object) -> AlertEntry | None:
    """None: nothing is to be said of it any more, or may be."""
    if isinstance(found, Release):
        if item.kind == "taken_back":  # it is in the wire again
            return None
        return AlertEntry(
            id=item.id,
            kind=item.kind,
            publisher=found.publisher,
            publisher_name=found.publisher_name,
            publisher_place=found.publisher_place,
            release=found,
            notice="",
            headline=found.headline,
        )
    if item.kind != "taken_back":
        return None
    notice = store.notice(item.id) or {}
    return AlertEntry(
        id=item.id,
        kind=item.kind,
        publisher=notice.get("publisher", ""),
        publisher_name=notice.get("publisher_name", "A publisher"),
        publisher_place=notice.get("publisher_place", ""),
        release=None,
        notice=notice.get("text") or _OUT,
        headline=notice.get("title"),
    )


def as_email(alert: Alert, message: AlertMessage, wire: Wire, now: datetime) -> EmailMessage:
    """The e-mail of an alert, the same Message-ID at every attempt."""
    assert message.tell.email is not None
    alert = alert_mail.fitting(alert)
    made = own_email(wire, message.tell.email, alert_mail.subject(alert), f"{message.token}.{alert.search}", now)
    made["List-Id"] = f"<{alert.search}.searches.{own_host(wire)}>"
    subject = quote(f"unsubscribe {alert.search}")
    made["List-Unsubscribe"] = f"<mailto:{wire.complaints_email}?subject={subject}>"
    made.set_content(alert_mail.text(alert))
    made.add_alternative(alert_mail.html(alert), subtype="html")
    return made
