"""The header of every e-mail that the wire sends by itself: from whom, to whom, and that a program wrote it."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from aggregator.model import Wire
from aggregator.text.urls import ascii_host


def own_email(wire: Wire, to: str, subject: str, name: str, now: datetime) -> EmailMessage:
    """An e-mail without words. `name`: of the letter, the same at every attempt, so that its Message-ID is too. Only of
    a wire with [mail]. Raises ValueError, IndexError: of an address the rules of e-mail make none, or several.
    """
    assert wire.mail is not None
    made = EmailMessage()
    made["Subject"] = subject
    made["From"] = mailbox(wire.mail.sender)
    made["To"] = mailbox(to)
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{name}@{own_host(wire)}>"
    made["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's "I am on holiday" answers it
    return made


def own_host(wire: Wire) -> str:
    """The host of the wire, for names that are to be unique."""
    return urlsplit(wire.url).hostname or "localhost"


def mailbox(email: str) -> str:
    """An address with its host in ASCII, as every server takes it (RFC 5891)."""
    local, _, host = email.rpartition("@")
    return f"{local}@{ascii_host(host)}"
