"""Letters about complaints, to a real SMTP server: the desk learns of each matter once, and whoever complained gets our
own words alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

import pytest
from msgspec.structs import replace

from aggregator.desk import complaints
from aggregator.desk.housekeeping import maintain
from aggregator.model import Cause, Complaint, ComplaintKind
from aggregator.model.complaints import Filing, NewLetter
from aggregator.pipeline.letters import Letters
from aggregator.store import Store
from aggregator.text import reference
from tests.alerts.mailbox import Mailbox, mailbox
from tests.alerts.wires import AlertWire, entry, wire

T = TypeVar("T")
HOUR = timedelta(hours=1)
DESK = Cause(actor="person:ama", reason="a complaint about privacy is being looked into")
WORDS = "Jina langu limo.\nSubject: forged\r\nBcc: all@others.example\n\x1b[31m.\n.\n\u202eelif \u2066x"


def file(one: AlertWire, number: int, report: str | None, kind: ComplaintKind = "privacy", **other: str) -> int:
    """As the form files it, with the letter that it makes. `other`: text, name, email."""
    code, email = reference.written(number.to_bytes(reference.BYTES, "big")), other.get("email")
    receipt = (
        NewLetter(kind="receipt", recipient=email, subject="[W] Received", text=f"{code}\n", token=f"r{number}")
        if email
        else None
    )
    complaint = Complaint(kind=kind, text=other.get("text", WORDS), complainant=other.get("name"))
    digest = reference.digest(code)
    filing = Filing(complaint=complaint, report=report, reference_hash=digest, email=email, receipt=receipt)
    return complaints.file(one.store, filing, one.now)


def send(one: AlertWire, later: timedelta = timedelta(0), letters: Letters | None = None) -> None:
    """What the daemon does every second, so much later."""
    one.now += later

    async def on_store(call: Callable[[Store], T]) -> T:
        return call(one.store)

    async def look() -> None:
        sender = letters or Letters(one.config.wire, on_store, lambda: one.now)
        await sender.look()
        await sender.sending.done()

    asyncio.run(look())


def said(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")


def to(box: Mailbox, address: str) -> list[str]:
    """The texts of e-mails to an address."""
    return [said(each) for each in box.taken if each["To"] == address]


def made(tmp_path: Path, box: Mailbox) -> tuple[AlertWire, str, str]:
    one = wire(tmp_path, box.port)
    one.poll(entry(1, "Le pont rouvre"), entry(2, "Le marché ferme"))
    ids = one.ids()
    return one, ids["Le pont rouvre"], ids["Le marché ferme"]


def test_the_desk_gets_one_letter_for_a_matter_and_then_a_count(tmp_path: Path) -> None:
    with mailbox() as box:
        one, bridge, market = made(tmp_path, box)
        number = file(one, 1, bridge, name="Asha\r\nBcc: x@y.example")
        send(one)
        (mail,) = box.taken
        assert mail["To"] == one.config.wire.complaints_email
        assert (
            mail["Subject"] == f"[{one.config.wire.name}] Complaint {number}: privacy, about a report of Daily Example"
        )
        assert {"Bcc", "Cc", "Reply-To"} & set(mail.keys()) == set()
        text = said(mail)
        assert "> Jina langu limo.\n> Subject: forged\n" in text
        assert f"aggregator complaint carry-out {number}\n" in text
        assert f"/report/{bridge}" in text
        assert "/desk" in text
        assert "Name: Asha Bcc: x@y.example (not checked)" in text
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
        # Others about the same report come as a count, within the hour none; another report is another matter.
        for each in range(2, 30):
            file(one, each, bridge, "safety" if each % 2 else "factual", text=f"Nyingine {each} kuhusu daraja")
        file(one, 30, market, "factual")
        send(one)
        assert [each["Subject"].partition(": ")[2] for each in box.taken[1:]] == [
            "factual, about a report of Daily Example"
        ]
        send(one, HOUR - timedelta(minutes=1))
        assert len(box.taken) == 2
        send(one, timedelta(minutes=2))
        assert len(box.taken) == 3
        count = said(box.taken[-1])
        assert "New: 28\n" in count
        assert "Open in this matter: 29 (factual 14, safety 14, privacy 1)" in count
        assert "Nyingine" not in count
        send(one, 5 * HOUR)
        assert len(box.taken) == 3
        # When all are resolved, the next one is a new matter.
        for row in one.store.complaints():
            complaints.resolve(one.store, row["number"], "settled", one.now)
        file(one, 31, bridge, "comment", text="Asante kwa daraja jipya")
        send(one)
        assert "> Asante kwa daraja jipya" in said(box.taken[-1])


def test_a_flood_does_not_fill_the_mailbox_of_the_desk(tmp_path: Path) -> None:
    with mailbox() as box:
        one = wire(tmp_path, box.port)
        one.poll(*(entry(number, f"Habari {number}") for number in range(30)))
        for number, report in enumerate(one.ids().values(), 1):
            file(one, number, report)
        send(one)
        assert len(box.taken) == 20
        send(one, timedelta(minutes=30))
        assert len(box.taken) == 20
        send(one, HOUR)
        assert len(box.taken) == 30
        assert one.rows("SELECT count(*) FROM complaints WHERE letter_id IS NULL") == [(0,)]


def test_whoever_complained_gets_the_reference_and_the_answer_and_none_of_their_own_words(tmp_path: Path) -> None:
    with mailbox() as box:
        one, bridge, _ = made(tmp_path, box)
        number = file(one, 7, bridge, email="asha@m.example", name="Buy pills https://spam.example/")
        code = reference.written((7).to_bytes(reference.BYTES, "big"))
        send(one)
        (receipt,) = to(box, "asha@m.example")
        assert receipt == f"{code}\n"
        # The reference is stored nowhere when it was sent.
        assert one.rows("SELECT recipient, subject, text, letter_state FROM letters WHERE letter_kind = 'receipt'") == [
            (None, None, None, "sent")
        ]
        complaints.carry_out(one.store, number, DESK, one.now)
        send(one)
        assert len(to(box, "asha@m.example")) == 1
        complaints.resolve(one.store, number, "INTERNAL: ask the lawyer", one.now, "Tumeficha habari.\nAsante.")
        send(one, HOUR)
        _, outcome = to(box, "asha@m.example")
        assert "Tumeficha habari.\nAsante.\n" in outcome
        for words in ("INTERNAL", "Jina langu", "pills", code):
            assert words not in outcome
        assert box.taken[-1]["Reply-To"] == one.config.wire.complaints_email
        assert box.taken[-1]["Auto-Submitted"] == "auto-generated"
        send(one, HOUR)
        assert len(to(box, "asha@m.example")) == 2


def test_a_letter_that_is_refused_is_tried_again_and_given_up(tmp_path: Path) -> None:
    with mailbox() as box:
        one, bridge, _ = made(tmp_path, box)
        box.fault, box.of = "refuse", "gone@m.example"
        file(one, 1, bridge, email="gone@m.example")
        send(one)
        ((error, attempts),) = one.rows("SELECT error, attempts FROM letters WHERE letter_state = 'waiting'")
        assert "550 no such mailbox" in error
        assert "\x1b" not in error
        assert attempts == 1
        send(one)
        assert box.faults == ["refuse"]  # not before its time
        for _ in range(12):
            send(one, 8 * HOUR)
        assert one.rows("SELECT letter_state, text FROM letters WHERE letter_kind = 'receipt'") == [("given_up", None)]
        assert len(to(box, one.config.wire.complaints_email)) == 1


def test_an_address_that_is_none_keeps_no_letter_waiting(tmp_path: Path) -> None:
    with mailbox() as box:
        one, bridge, _ = made(tmp_path, box)
        file(one, 1, bridge, email='"(x" <@y>, b@c.example')
        send(one)
        assert len(box.taken) == 1
        assert "e-mails can be sent" in one.rows("SELECT error FROM letters WHERE letter_kind = 'receipt'")[0][0]


def test_nothing_is_sent_about_what_was_erased(tmp_path: Path) -> None:
    with mailbox() as box:
        one, bridge, _ = made(tmp_path, box)
        first = file(one, 1, bridge, email="asha@m.example")
        second = file(one, 2, bridge, text="La pili halijafutwa")
        box.fault = "greylist"
        send(one)
        complaints.erase(one.store, first, one.now)
        box.fault = ""
        send(one, HOUR)
        assert to(box, "asha@m.example") == []
        (mail,) = to(box, one.config.wire.complaints_email)  # of the other, of which the desk was not told
        assert "> La pili halijafutwa" in mail
        assert "Jina langu" not in mail
        complaints.resolve(one.store, second, "x", one.now)
        send(one, HOUR)
        assert len(box.taken) == 1
        for minutes in (10, 0):
            maintain(one.store, one.now + 400 * 24 * HOUR - timedelta(minutes=minutes), None, 365 * 24 * HOUR)
        assert one.rows("SELECT text, complainant, email, resolution, answer FROM complaints") == [(None,) * 5] * 2


def test_without_a_server_for_mail_nothing_is_made(tmp_path: Path) -> None:
    with mailbox() as box:
        one, bridge, _ = made(tmp_path, box)
        file(one, 1, bridge)
        one.config = replace(one.config, wire=replace(one.config.wire, mail=None))
        send(one)
        assert one.rows("SELECT count(*) FROM letters") == [(0,)]


@pytest.mark.parametrize("fault", ["close", "greylist"])
def test_a_letter_is_sent_once_when_the_server_answers_again(tmp_path: Path, fault: str) -> None:
    with mailbox() as box:
        one, bridge, _ = made(tmp_path, box)
        file(one, 1, bridge)
        box.fault = fault
        send(one)
        assert box.taken == []
        box.fault = ""
        for _ in range(4):
            send(one, HOUR)
        assert len(box.taken) == 1
