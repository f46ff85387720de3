"""Sends one e-mail by SMTP (RFC 5321), in a thread and for so long at most."""

from __future__ import annotations

import asyncio
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

from aggregator.model import MailSettings, Template
from aggregator.text.printable import escaped

_MOST_SAID = 200  # characters of an error, in which a server may have written what it liked
_PLACEHOLDER = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_CLOSING = 5.0  # seconds
_LARGEST = 10 * 1024 * 1024  # bytes of an e-mail; many servers take no larger one


async def send(settings: MailSettings, message: EmailMessage, environment: Mapping[str, str]) -> str | None:
    """Hands an e-mail over, and returns when the server has taken it; returns why it has not, else None. It has one
    address that it is to. No time of the server's, however it drips, makes this last longer than the settings say.
    """
    try:
        secret = _filled(settings.password, environment)
    except KeyError as missing:
        return f"the environment has no variable {missing.args[0]}, which [mail] password of wire.toml names"
    sender, to = _address(message, "From"), _address(message, "To")
    is_ascii = (sender + to).isascii()
    content = message.as_bytes(policy=SMTP if is_ascii else SMTPUTF8)
    if len(content) > _LARGEST:
        return f"the e-mail has {len(content):,} bytes, which is too much"
    client = _Client(settings, secret)
    work = asyncio.get_running_loop().run_in_executor(None, client.send, sender, to, content)
    done, _ = await asyncio.wait({work}, timeout=settings.timeout.total_seconds())
    late = f"{settings.host}: the server took longer than {settings.timeout.total_seconds():g} s"
    if not done:
        client.give_up()
        await asyncio.wait({work}, timeout=_CLOSING)  # its connection is closed; only a look-up of its name may last
        return late
    error = work.exception()
    if error is not None and TimeoutError in map(type, (error, error.__context__)):  # its connection waited as long
        return late
    if error is None:
        return None
    if isinstance(error, smtplib.SMTPException | OSError | ValueError):
        return f"{settings.host}: {_in_words(error, secret)}"
    raise error


def _address(message: EmailMessage, header: str) -> str:
    (address,) = message[header].addresses
    assert isinstance(address, Address)
    return address.addr_spec


def _filled(password: Template | None, environment: Mapping[str, str]) -> str | None:
    """Raises KeyError for a variable that is not set."""
    return None if password is None else _PLACEHOLDER.sub(lambda found: environment[found[1]], password.text)


def _in_words(error: BaseException, secret: str | None) -> str:
    """What the server or the system said, without the password."""
    said = str(error) or type(error).__name__
    answer: tuple[int, bytes | str] | None = None
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answer = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        answer = (error.smtp_code, error.smtp_error)
    if answer is not None:
        code, text = answer
        said = f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"
    return escaped(said.replace(secret, "${...}") if secret else said, _MOST_SAID)


class _Client:
    """One connection, which another thread may close."""

    def __init__(self, settings: MailSettings, secret: str | None) -> None:
        self._settings, self._secret = settings, secret
        self._server: smtplib.SMTP | None = None
        self._is_over = False

    def send(self, sender: str, to: str, content: bytes) -> None:
        """Raises SMTPException, OSError, ValueError. What stands before the @ may be outside ASCII, where the server
        says that it takes that (RFC 6531).
        """
        settings = self._settings
        # To read the certificates of the system takes longer than to send a mail, so only where one is looked at.
        context = None if settings.security == "none" else ssl.create_default_context()
        seconds = settings.timeout.total_seconds()
        server = (
            smtplib.SMTP_SSL(timeout=seconds, context=context)
            if settings.security == "tls"
            else smtplib.SMTP(timeout=seconds)
        )
        self._server = server
        # smtplib looks at the certificate for the name that it was made with, where it is connected later.
        server._host = settings.host  # type: ignore[attr-defined]
        try:
            code, said = server.connect(settings.host, settings.port)
            self._look()
            if code != 220:
                raise smtplib.SMTPConnectError(code, said)
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.user is not None and self._secret is not None:
                server.login(settings.user, self._secret)
            options = () if (sender + to).isascii() else ("SMTPUTF8", "BODY=8BITMIME")
            server.sendmail(sender, [to], content, options)
        finally:
            self._close(server)

    def _look(self) -> None:
        if self._is_over:
            raise TimeoutError("it took too long")

    def _close(self, server: smtplib.SMTP) -> None:
        """What was taken is taken, whatever the server says to the end of it."""
        if not self._is_over and server.sock is not None:
            with suppress(smtplib.SMTPException, OSError, ValueError):
                server.sock.settimeout(1)
                server.quit()
        server.close()

    def give_up(self) -> None:
        """Called from another thread: whatever is waited for ends."""
        self._is_over = True
        sock = getattr(self._server, "sock", None)
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
