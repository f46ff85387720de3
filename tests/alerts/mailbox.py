"""A real SMTP server on this machine that keeps what it takes, and can refuse, greylist, hang and close; with TLS and
passwords where a test wants them.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, Literal

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Mailbox:
    """`fault`: what it does with the next e-mails: refuse, greylist, hang, close, ""; `faults` counts each. `of`: of
    this recipient alone.
    """

    port: int = 0
    fault: str = ""
    of: str = ""
    faults: list[str] = field(default_factory=list)
    taken: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)  # users and passwords that were tried

    async def handle_RCPT(self, server: SMTP, _: Session, envelope: Envelope, address: str, __: Any) -> str:
        if self.fault in ("refuse", "greylist") and self.of in ("", address):
            self.faults.append(self.fault)
            return {"refuse": "550 no such mailbox \x1b[31m", "greylist": "450 try again later"}[self.fault]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:
        if self.fault == "hang":  # it has the mail, and says nothing
            self.faults.append("hang")
            await asyncio.Event().wait()
        if self.fault == "close":
            self.faults.append("close")
            server.transport.close()
            return "250 never read"
        assert isinstance(envelope.content, bytes)
        made = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(made, EmailMessage)
        self.taken.append(made)
        return "250 OK"

    def parts(self, number: int = -1) -> tuple[str, str]:
        """Plain text and HTML of an e-mail that was taken."""
        plain, html = self.taken[number].iter_parts()
        return plain.get_content(), html.get_content()


@contextmanager
def mailbox(
    security: Literal["starttls", "tls", "none"] = "none",
    context: ssl.SSLContext | None = None,
    password: str | None = None,
) -> Iterator[Mailbox]:
    """`password`: that of whoever hands e-mails over; None: nobody is asked for one."""
    made = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        made.port = free.getsockname()[1]

    def authenticated(server: SMTP, session: Session, envelope: Envelope, mechanism: str, said: Any) -> AuthResult:
        assert isinstance(said, LoginPassword)
        made.logins.append((said.login.decode(), said.password.decode()))
        return AuthResult(success=made.logins[-1][1] == password, handled=False)

    how: dict[str, Any] = {}
    if security == "starttls" and context is not None:
        how |= {"tls_context": context, "require_starttls": True}
    if password is not None:
        is_late = security == "starttls"  # aiosmtpd knows of no TLS but this
        how |= {"authenticator": authenticated, "auth_required": is_late, "auth_require_tls": is_late}
    controller = Controller(
        made, hostname="127.0.0.1", port=made.port, ssl_context=context if security == "tls" else None, **how
    )
    controller.start()
    try:
        yield made
    finally:
        controller.stop()
