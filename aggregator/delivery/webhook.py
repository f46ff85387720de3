"""Sends one message to one subscriber, and says what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from aggregator.delivery.message import Message
from aggregator.delivery.signing import Signer
from aggregator.fetch.posting import Posted, Poster
from aggregator.model import Template
from aggregator.model.errors import FetchError
from aggregator.text.printable import escaped

SECONDS = 15.0  # for a request and its answer
_GONE = 410
_MOST_SAID = 200  # characters of an error that are kept


class Outcome(Struct, frozen=True):
    """`error` None: the receiver has acknowledged it."""

    error: str | None
    is_gone: bool = False  # the receiver wants no more, ever (410)
    retry_after: timedelta | None = None  # so long at least the receiver asks to wait


async def send(poster: Poster, url: Template, signer: Signer, message: Message, now: datetime) -> Outcome:
    """Within 15 seconds. Any 2xx is an acknowledgement; a redirect is a failure, as Standard Webhooks says."""
    fields = {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signer.sign(message.id, now, message.body),
    }
    try:
        posted = await poster.post(url, fields, message.body, SECONDS)
    except FetchError as error:
        return Outcome(escaped(str(error))[:_MOST_SAID])
    if 200 <= posted.status < 300:
        return Outcome(None)
    return Outcome(escaped(_said(posted))[:_MOST_SAID], posted.status == _GONE, _asked(posted.retry_after, now))


def _said(posted: Posted) -> str:
    said = f"the server answered {posted.status}"
    if 300 <= posted.status < 400 and posted.location:
        return f"{said}, a redirect to {posted.location}, which is not followed: write the right address into the file"
    beginning = " ".join(posted.said.split())
    return f"{said}: {beginning}" if beginning else said


def _asked(said: timedelta | datetime | None, now: datetime) -> timedelta | None:
    """The pause that Retry-After asks for; None: none."""
    pause = said - now if isinstance(said, datetime) else said
    return pause if pause and pause > timedelta() else None
