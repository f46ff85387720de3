"""E-mails by SMTP over TLS, from the first byte (RFC 8314) and after STARTTLS (RFC 3207): who is trusted with what."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from aggregator.model import Template
from tests.alerts.mailbox import Mailbox, mailbox
from tests.alerts.wires import AlertWire, entry, search, wire
from tests.certificates import Certificate, certificate

Security = Literal["starttls", "tls"]
SECURITIES: tuple[Security, ...] = ("starttls", "tls")
PASSWORD = "s3cret-of-the-wire"
HOUR = timedelta(hours=1)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificate:
    """One that this machine trusts."""
    found = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.file))
    monkeypatch.setenv("WIRE_MAIL", PASSWORD)
    return found


def desk(folder: Path, box: Mailbox, **mail: Any) -> AlertWire:
    login = {"user": "wire", "password": Template("${WIRE_MAIL}")}
    return wire(folder, box.port, search(), **{**login, **mail})


def error_of(one: AlertWire) -> str:
    """What is said of the one message that waits."""
    ((error,),) = one.rows("SELECT error FROM alert_messages")
    assert PASSWORD not in error
    return str(error)


@pytest.mark.parametrize("security", SECURITIES)
def test_a_mail_is_handed_over_by_tls_to_a_server_that_asks_for_a_password(
    security: Security, tmp_path: Path, made: Certificate
) -> None:
    with mailbox(security, made.context, PASSWORD) as box, (one := desk(tmp_path, box, security=security)).store:
        one.poll(entry(1, "Le pont rouvre"))
        one.alert()
        assert [mail["Subject"] for mail in box.taken] == ["[Search ponts] Le pont rouvre (Daily Example)"]
        assert box.logins == [("wire", PASSWORD)]
        assert one.rows("SELECT count(*) FROM alert_messages") == [(0,)]


@pytest.mark.parametrize("security", SECURITIES)
def test_a_certificate_that_nobody_vouches_for_gets_neither_password_nor_mail(
    security: Security, tmp_path: Path, made: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mailbox(security, made.context, PASSWORD) as box, (one := desk(tmp_path, box, security=security)).store:
        monkeypatch.delenv("SSL_CERT_FILE")
        one.poll(entry(1, "Le pont rouvre"))
        one.alert()
        said = error_of(one)
        assert said.startswith("127.0.0.1: ")
        assert "certificate" in said
        assert (box.taken, box.logins) == ([], [])
        monkeypatch.setenv("SSL_CERT_FILE", str(made.file))  # the operator trusts it now
        one.alert(HOUR)
        assert len(box.taken) == 1


@pytest.mark.parametrize("security", SECURITIES)
def test_a_certificate_of_another_server_is_refused(
    security: Security, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certificate(tmp_path, "DNS:mail.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other.file))
    monkeypatch.setenv("WIRE_MAIL", PASSWORD)
    with mailbox(security, other.context, PASSWORD) as box, (one := desk(tmp_path, box, security=security)).store:
        one.poll(entry(1, "Le pont rouvre"))
        one.alert()
        assert "certificate is not valid for '127.0.0.1'" in error_of(one)
        assert (box.taken, box.logins) == ([], [])


def test_where_tls_is_not_spoken_nothing_is_sent_in_the_clear(tmp_path: Path, made: Certificate) -> None:
    """A server without STARTTLS, as somebody between the two may make it look; one that speaks plain SMTP at once."""
    for security, said in (("starttls", "STARTTLS"), ("tls", "127.0.0.1: ")):
        folder = tmp_path / security
        folder.mkdir()
        with mailbox(password=PASSWORD) as box:
            one = desk(folder, box, security=security, timeout=timedelta(seconds=2))
            with one.store:
                one.poll(entry(1, "Le pont rouvre"))
                one.alert()
                assert said in error_of(one)
                assert (box.taken, box.logins) == ([], [])


@pytest.mark.parametrize("security", SECURITIES)
def test_a_wrong_password_is_a_queued_retry(
    security: Security, tmp_path: Path, made: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mailbox(security, made.context, "another") as box, (one := desk(tmp_path, box, security=security)).store:
        one.poll(entry(1, "Le pont rouvre"))
        one.alert()
        assert "535" in error_of(one)
        assert box.taken == []
        monkeypatch.setenv("WIRE_MAIL", "another")
        one.alert(HOUR)
        assert len(box.taken) == 1
