"""Subscribers are sent what they are owed: each line of their selection, in order, at least once, and nothing that may
not leave. Real servers on this machine, which answer, refuse, hang, and end.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from aggregator.delivery import webhook
from aggregator.desk import acts
from aggregator.model import ALL_REPORTS, Cause, Config, Cursor, NotifySettings, Selection, Subscriber, Template, Text
from aggregator.model.errors import DeskError, StoreBusy, StoreError, StoreFull
from aggregator.pipeline import deliveries as deliveries_module
from aggregator.pipeline.deliveries import Deliveries, Sent
from aggregator.pipeline.subscribers import listed, unacknowledged
from aggregator.scheduling.deliveries import LONGEST, PAUSES, pause
from aggregator.store import Store
from aggregator.text.dates import to_iso
from tests.certificates import certificate
from tests.conftest import AGREEMENT, NOW, QUOTATION, WIRE, make_entry, make_publisher, open_store, record, some
from tests.delivery.receiver import SECRET, Received, Receiver, Reply, receiver, unique
from tests.pipeline.test_notify import documented
from tests.waiting import eventually

T = TypeVar("T")
LOOPBACK = replace(WIRE, fetch=replace(WIRE.fetch, allow_addresses=("127.0.0.0/8",)))
CAUSE = Cause(actor="person:ama", reason="a court asks for it")
ENVIRONMENT = {"PARTNER_SECRET": SECRET}
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3_600, 86_400))


def subscriber(url: str, name: str = "partner", **fields: Any) -> Subscriber:
    return Subscriber(name=name, url=Template(url), secrets=(Template("${PARTNER_SECRET}"),), **fields)


class Desk:
    """A wire of two publishers, and the time."""

    def __init__(self, path: Path) -> None:
        self.publishers = (
            make_publisher(),
            make_publisher("quoted", QUOTATION, country="GH", languages=("en",), kind="ngo"),
        )
        self.store = open_store("sqlite", path, self.publishers)
        self.now = NOW
        self.notify: tuple[str, ...] = ()
        self.environment = ENVIRONMENT
        self.before: Callable[[], None] = lambda: None  # each call on the store

    async def on_store(self, call: Callable[[Store], T]) -> T:
        self.before()
        return call(self.store)

    def deliveries(self, *those: Subscriber) -> Deliveries:
        wire = replace(LOOPBACK, notify=NotifySettings(command=self.notify))
        config = Config(wire=wire, publishers=self.publishers, subscribers=those)
        return Deliveries(
            config, self.on_store, lambda: self.now, environment=self.environment, chance=random.Random(7)
        )

    def send(self, *those: Subscriber, seconds: float = 30) -> list[Sent]:
        async def once() -> list[Sent]:
            return await self.deliveries(*those).once(seconds)

        return asyncio.run(once())

    def report(self, number: int, publisher: int = 0, **fields: Any) -> str:
        """Stores one; its id."""
        record(self.store, self.publishers[publisher], make_entry(number, **fields), now=self.now)
        return str(self.store.changes()[-1]["id"])

    def after(self, pause: timedelta) -> None:
        self.now += pause


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "wire.db")
    with made.store:
        yield made


@pytest.fixture
def partner() -> Iterator[Receiver]:
    with receiver() as opened:
        yield opened


# What is sent


def test_each_line_is_sent_once_and_in_order_and_signed(desk: Desk, partner: Receiver) -> None:
    one = subscriber(partner.url)
    desk.report(1)
    desk.send(one)
    assert partner.received == []  # what was there before is not owed
    first = desk.report(2)
    acts.withhold(desk.store, first, CAUSE, desk.now)
    acts.restore(desk.store, first, CAUSE, desk.now)
    assert [each.acknowledged for each in desk.send(one)] == [3]
    assert partner.numbers == [2, 3, 4]
    assert desk.send(one)[0].acknowledged == 0
    lines = desk.store.changes()[1:]
    for received, line in zip(partner.received, lines, strict=True):
        assert received.is_signed()
        assert received.id == f"partner_{line['cursor']}"
        assert received.headers["content-type"] == "application/json"
        assert received.headers["user-agent"] == WIRE.user_agent
        said = received.said
        assert said["data"] == {"number": line["seq"], "kind": line["change_kind"], "id": first}
        assert (said["type"], said["timestamp"]) == (f"report.{line['change_kind']}", line["at"])
        assert Cursor.read(said["cursor"]) == desk.store.cursor_at(line["seq"])
    assert [each.said["previous"] for each in partner.received] == [None, 2, 3]


def test_from_the_beginning_what_was_there_before_is_owed(desk: Desk, partner: Receiver) -> None:
    for number in range(1, 6):
        desk.report(number)
    desk.send(subscriber(partner.url, from_beginning=True))
    assert partner.numbers == [1, 2, 3, 4, 5]


def test_a_selection_is_sent_and_no_more(desk: Desk, partner: Receiver) -> None:
    chosen = {
        "a": Selection(publishers=("quoted",)), "b": Selection(countries=("ML",)), "c": Selection(kinds=("ngo",)),
        "d": Selection(languages=("en",)), "e": Selection(publishers=("not-here",)),
    }  # fmt: skip
    those = [subscriber(f"{partner.url}/{name}", name, selection=each) for name, each in chosen.items()]
    desk.send(*those)
    desk.report(1)
    desk.report(2, 1)
    desk.send(*those)
    sent = sorted((each.path[-1], each.number) for each in partner.received)
    expected = [
        (name, line["seq"]) for name, each in chosen.items() if name != "e" for line in desk.store.changes(None, each)
    ]
    assert sent == expected
    assert {name for name, _ in sent} >= {"a", "b", "c"}
    queues = {queue.name: queue.seq for queue in desk.store.queues()}
    assert queues == {**dict.fromkeys("abcd", 2), "e": 0}  # also past what is not of it; "e" waits for its publisher


@pytest.mark.parametrize("form", ["report", "ninjs"])
def test_words_leave_as_they_may_at_the_time_of_sending(desk: Desk, partner: Receiver, form: Any) -> None:
    one = subscriber(partner.url, format=form, from_beginning=True)
    stays = desk.report(1)
    gone = desk.report(2, title=make_entry(77).title)
    quoted = desk.report(3, 1)
    acts.withdraw(desk.store, gone, CAUSE, desk.now)
    desk.send(one)
    by_id = {(each.said["data"]["id"], each.said["data"]["kind"]): each for each in partner.received}
    assert by_id[stays, "new"].said["data"][form] is not None
    assert by_id[stays, "new"].said["data"]["publisher_name"] == "Daily Example"
    told = by_id[gone, "new"], by_id[gone, "withdrawn"]  # also the line by which it came has no words any more
    assert not any("numéro 77" in each.body.decode() or "camions" in each.body.decode() for each in told)
    if form == "report":
        assert by_id[stays, "new"].said["data"]["report"]["credit"]
        assert by_id[stays, "new"].said["data"]["report"]["disclaimer"]
        assert [each.said["data"]["report"] for each in told] == [None, None]
        assert by_id[quoted, "new"].said["data"]["report"]["scope"] == "excerpt"
        assert "BAMAKO" not in by_id[quoted, "new"].body.decode()
    else:
        assert [each.said["data"]["ninjs"]["pubStatus"] for each in told] == ["canceled", "canceled"]
        assert by_id[quoted, "new"].said["data"]["ninjs"]["representationType"] == "partial"
    released = desk.store.released_since(desk.now.date())
    assert released == {("daily-example", "api"): 1, ("quoted", "api"): 1}


@pytest.mark.parametrize(
    "last", [Selection(countries=("GH",)), Selection(languages=("xx",)), Selection(kinds=("ngo",))]
)
def test_another_selection_in_its_file_hides_nothing_that_takes_back_what_was_sent(
    desk: Desk, partner: Receiver, last: Selection
) -> None:
    first, second = Selection(kinds=("newspaper", "ngo")), Selection(countries=("ML", "GH"))
    desk.send(subscriber(partner.url, selection=first))
    sent, other = desk.report(1), desk.report(2)
    desk.send(subscriber(partner.url, selection=first))
    desk.send(subscriber(partner.url, selection=second))
    desk.send(subscriber(partner.url, selection=last))
    later = desk.report(3)  # it was never sent
    now = subscriber(partner.url, selection=last)
    desk.send(now)
    desk.report(2, title=Text("Another headline, and no correction"))
    for report in (sent, later):
        acts.withdraw(desk.store, report, Cause(actor="person:ama", reason="wrong"), desk.now)
    config = Config(wire=LOOPBACK, publishers=desk.publishers, subscribers=(now,))
    assert [row["subscriber"] for row in unacknowledged(desk.store, config, sent, desk.now)] == ["partner"]
    assert [row["owed"] for row in listed(desk.store, config, desk.now)] == [1]
    desk.send(now)
    heard = [(each.said["data"]["kind"], each.said["data"]["id"]) for each in partner.received]
    assert heard == [("new", sent), ("new", other), ("withdrawn", sent)]
    assert unacknowledged(desk.store, config, sent, desk.now) == []


def test_a_channel_that_the_rights_do_not_name_gets_no_words(desk: Desk, partner: Receiver) -> None:
    desk.report(1)
    desk.report(2, 1)
    only_web = replace(AGREEMENT, redistribute=("web",))
    desk.publishers = (make_publisher("daily-example", only_web), desk.publishers[1])
    desk.store.close()
    desk.store = open_store("sqlite", desk.store.path, desk.publishers)
    desk.send(subscriber(partner.url, format="report", from_beginning=True))
    assert [bool(each.said["data"]["report"]) for each in partner.received if each.said["data"]["id"]] == [False, True]


# What a server may answer


FAILURES = {
    "500": Reply(500, body=b"it broke"),
    "404": Reply(404),
    "429": Reply(429, {"Retry-After": "7200"}),
    "503": Reply(503, {"Retry-After": "7200"}),
    "301": Reply(301, {"Location": "http://127.0.0.1:9/"}),
    "302 to a private address": Reply(302, {"Location": "http://169.254.169.254/latest"}),
    "307": Reply(307, {"Location": "https://elsewhere.example/"}),
    "no HTTP": Reply(raw=b"hello\r\n\r\n"),
    "reset": Reply(raw=b""),
    "a header without end": Reply(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000),
    "a huge answer": Reply(500, body=b"x" * 20_000_000),
    "a terminal sequence": Reply(400, body="\x1b[2J\u202eé\n".encode() * 50),
}


@pytest.mark.parametrize("name", sorted(FAILURES))
def test_a_failure_is_tried_again_with_the_same_id_and_nothing_is_lost(
    desk: Desk, partner: Receiver, name: str
) -> None:
    one = subscriber(partner.url)
    desk.send(one)
    desk.report(1)
    desk.report(2)
    partner.answer(FAILURES[name], Reply(204))
    (sent,) = desk.send(one)
    assert sent.error is not None
    assert sent.error.isprintable()
    assert len(sent.error) <= 200
    queue = desk.store.queue("partner")
    assert queue is not None
    assert (queue.seq, queue.attempts, queue.error) == (0, 1, sent.error)
    asked_to_wait = "Retry-After" in FAILURES[name].headers
    assert timedelta(hours=2) == queue.pause if asked_to_wait else queue.pause <= 1.1 * PAUSES[0]
    desk.after(queue.pause - SECOND)
    assert desk.send(one)[0].acknowledged == 0
    desk.after(2 * SECOND)
    assert desk.send(one)[0].acknowledged == 2
    assert unique(partner.numbers) == [1, 2]
    assert partner.received[0].id == partner.received[1].id
    assert all(each.is_signed() for each in partner.received)
    (queue,) = desk.store.queues()
    assert (queue.attempts, queue.failing_since, queue.error, queue.dead_letters) == (0, None, None, 0)
    assert not any(each.path == "/latest" for each in partner.received)


def test_a_success_counts_whatever_its_body_is(desk: Desk, partner: Receiver) -> None:
    one = subscriber(partner.url)
    desk.send(one)
    for number in range(1, 4):
        desk.report(number)
    partner.answer(
        Reply(200, body=b"x" * 20_000_000),
        Reply(raw=b"HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\nbroken"),
        Reply(299, {"Content-Encoding": "gzip"}, b"no gzip"),
    )
    assert desk.send(one)[0].acknowledged == 3


def test_410_ends_the_subscription_until_a_person_resumes_it(desk: Desk, partner: Receiver) -> None:
    one = subscriber(partner.url)
    desk.send(one)
    desk.report(1)
    partner.answer(Reply(410), Reply(200))
    assert "410" in str(desk.send(one)[0].error)
    desk.report(2)
    desk.after(10 * DAY)
    assert desk.send(one) == [Sent("partner")]
    assert len(partner.received) == 1
    desk.store.resume_queue("partner")
    assert desk.send(one)[0].acknowledged == 2
    assert unique(partner.numbers) == [1, 2]


def test_after_three_days_a_message_is_a_dead_letter_and_the_next_one_is_sent(desk: Desk, partner: Receiver) -> None:
    one = subscriber(partner.url)
    desk.send(one)
    desk.report(1)
    desk.report(2)
    partner.reply = lambda received: Reply(500 if received.number == 1 else 200)
    began, attempts = desk.now, 0
    while not (queue := desk.store.queues()[0]).dead_letters:
        desk.send(one)
        attempts += 1
        desk.now = max(desk.now, (desk.store.queues()[0].next_at or desk.now))
    assert attempts == len(PAUSES) + 1 == 10
    assert 3 * DAY <= desk.now - began <= 1.1 * sum(PAUSES, timedelta())
    assert partner.numbers == [1] * 10 + [2]
    assert queue.seq == 2
    assert partner.received[-1].said["previous"] == 1  # so the receiver sees that it lacks one
    (letter,) = desk.store.dead_letters("partner")
    assert (letter["seq"], letter["change_kind"], letter["attempts"]) == (1, "new", 10)
    assert letter["error"].startswith("the server answered 500")
    # Sent again, it fails once more and stays; then it is taken.
    assert desk.store.replay("partner", desk.now) == 1
    desk.report(3)
    desk.send(one)
    assert partner.numbers[-2:] == [1, 3]
    assert desk.store.dead_letters("partner")[0]["replay_at"] is None
    partner.answer(Reply(200))
    desk.store.replay("partner", desk.now)
    desk.send(one)
    assert desk.store.dead_letters("partner") == []
    assert partner.numbers[-1] == 1
    assert desk.store.queues()[0].seq == 3


def test_the_schedule_is_that_of_the_specification() -> None:
    chance = random.Random(1)
    for attempts, usual in enumerate(PAUSES, start=1):
        found = pause(attempts, None, chance)
        assert found is not None
        assert usual <= found <= 1.1 * usual
    assert pause(len(PAUSES) + 1, HOUR, chance) is None
    assert (pause(1, HOUR, chance), pause(1, 400 * DAY, chance)) == (HOUR, LONGEST)
    late = pause(5, SECOND, chance)
    assert late is not None
    assert late >= PAUSES[4]  # Retry-After shortens nothing


# A server that is not there, hangs, or is not who it should be


def test_a_slow_and_a_dead_subscriber_delay_nobody_else(
    desk: Desk, partner: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries_module, "GRACE_SECONDS", 0.2)
    with receiver() as hanging, receiver() as other:
        those = [
            subscriber(hanging.url, "a-hanging"), subscriber("http://127.0.0.1:9/", "b-dead"),
            subscriber(partner.url, "c-quick"), subscriber(other.url, "d-slow"),
        ]  # fmt: skip
        desk.send(*those)
        hanging.answer(Reply(hangs=True))
        other.answer(Reply(500))
        for number in range(1, 21):
            desk.report(number)

        async def until_all_came() -> None:
            deliveries = desk.deliveries(*those)
            deliveries.begin()
            # Before the one that hangs is given up.
            await eventually(lambda: len(partner.received) == 20, webhook.SECONDS - 5)
            await deliveries.end()

        asyncio.run(until_all_came())
        assert partner.numbers == list(range(1, 21))
        queues = {queue.name: queue for queue in desk.store.queues()}
        assert (queues["c-quick"].seq, queues["a-hanging"].seq) == (20, 0)
        assert queues["a-hanging"].attempts == 0  # it was given up, and is owed as before
        assert queues["b-dead"].attempts == queues["d-slow"].attempts == 1


def test_who_hangs_is_given_up_after_fifteen_seconds(
    desk: Desk, partner: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert webhook.SECONDS == 15
    monkeypatch.setattr(webhook, "SECONDS", 0.2)
    one = subscriber(partner.url)
    desk.send(one)
    desk.report(1)
    partner.answer(Reply(hangs=True))
    assert desk.send(one)[0].error == "no answer within 0.2 s"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/"])
def test_a_private_address_is_reached_only_where_the_operator_allows_it(desk: Desk, url: str) -> None:
    desk.report(1)
    wire = replace(WIRE, fetch=replace(WIRE.fetch, allow_addresses=()))
    config = Config(wire=wire, publishers=desk.publishers, subscribers=(subscriber(url, from_beginning=True),))

    async def once() -> list[Sent]:
        return await Deliveries(config, desk.on_store, lambda: desk.now, environment=ENVIRONMENT).once(20)

    (sent,) = asyncio.run(once())
    assert "is not a public address" in str(sent.error)


def test_a_certificate_that_nobody_vouches_for_is_refused(desk: Desk, tmp_path: Path) -> None:
    desk.report(1)
    with receiver(certificate(tmp_path).context) as secure:
        (sent,) = desk.send(subscriber(secure.url, from_beginning=True))
        assert "certificate" in str(sent.error).lower()
        assert secure.received == []
        # Whoever speaks TLS to a server without it, or the other way round, gets an error too.
        plain = subscriber(secure.url.replace("https", "http"), "plain", from_beginning=True)
        assert desk.send(plain)[0].error is not None


# What may happen to the program


def test_a_secret_that_is_missing_stops_one_subscriber_and_what_it_is_owed_stays_owed(
    desk: Desk, partner: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    other = subscriber(partner.url, "other")
    lacks = replace(subscriber(partner.url), secrets=(Template("${PARTNER_SECRET}"), Template("${NOT_SET}")))
    desk.send(lacks, other)
    desk.report(1)
    sent = desk.send(lacks, other)
    assert [(each.name, each.acknowledged, bool(each.error)) for each in sent] == [
        ("partner", 0, True),
        ("other", 1, False),
    ]
    assert "NOT_SET" in caplog.text
    assert SECRET not in caplog.text
    queue = desk.store.queue("partner")
    assert queue is not None
    assert "NOT_SET" in str(queue.error)
    assert (queue.seq, queue.attempts) == (0, 0)
    desk.notify = ("tell",)
    desk.send(lacks, other)
    assert events(desk.store) == []  # it was so before
    desk.environment = {**ENVIRONMENT, "NOT_SET": "no key"}
    desk.send(lacks, other)
    desk.send(lacks, other)
    (event,) = events(desk.store)
    assert (event["state"], event["subscriber"], event["number"]) == ("subscriber_failing", "partner", None)
    assert "no key" in event["error"]
    desk.environment = {**ENVIRONMENT, "NOT_SET": SECRET}
    assert [each.acknowledged for each in desk.send(lacks, other)] == [1, 0]
    assert desk.store.queues()[1].error is None


def test_a_secret_in_the_address_is_sent_and_never_shown(
    desk: Desk, partner: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "aggregator")
    desk.environment = {**ENVIRONMENT, "TOKEN": "s3cret-token"}
    one = subscriber(f"{partner.url}?token=${{TOKEN}}", from_beginning=True)
    desk.report(1)
    partner.reply = lambda received: Reply(500, body=received.path.encode())
    (sent,) = desk.send(one)
    assert partner.received[0].path == "/hook?token=s3cret-token"
    assert "${TOKEN}" in str(sent.error)
    assert "s3cret" not in caplog.text + str(desk.store.queues())


@pytest.mark.parametrize("back", [MINUTE, HOUR, 400 * DAY])
def test_a_clock_that_is_set_back_keeps_nobody_waiting(desk: Desk, partner: Receiver, back: timedelta) -> None:
    one = subscriber(partner.url)
    desk.send(one)
    desk.report(1)
    partner.answer(Reply(500), Reply(500), Reply(500), Reply(200))
    for _ in range(3):
        desk.send(one)
        desk.now = desk.store.queues()[0].next_at or desk.now
    desk.now -= back + HOUR
    desk.store.bring_times_back(desk.now)
    for _ in range(2):
        desk.send(one)
        desk.now += PAUSES[2] * 1.1
    assert unique(partner.numbers) == [1]
    assert desk.store.queues()[0].seq == 1


@pytest.mark.parametrize("error", [StoreBusy("it is locked"), StoreFull("the disk is full")])
def test_what_was_acknowledged_while_the_database_could_not_be_written_is_not_sent_twice(
    desk: Desk, partner: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: StoreError
) -> None:
    one = subscriber(partner.url)
    desk.send(one)
    desk.report(1)
    desk.report(2)
    failures = [error] * 3
    monkeypatch.setattr(deliveries_module, "AGAIN_SECONDS", 0.01)

    def fails() -> None:
        if len(partner.received) == 1 and failures:
            raise failures.pop()

    async def follow() -> None:
        deliveries = desk.deliveries(one)
        deliveries.begin()
        await eventually(lambda: len(partner.received) == 2 and desk.store.queues()[0].seq == 2)
        await deliveries.end()

    desk.before = fails
    asyncio.run(follow())
    assert failures == []
    assert partner.numbers == [1, 2]
    assert caplog.text.count(f"deliveries wait, and go on by themselves: {error}") == 1
    # Who does not wait says so at once, and sends it again the next time.
    desk.report(3)
    failures.append(error)
    partner.received.clear()
    with pytest.raises(type(error)):
        desk.send(one)
    desk.send(one)
    assert partner.numbers == [3, 3]
    assert len({each.id for each in partner.received}) == 1


def test_after_a_backup_was_put_back_all_that_it_does_not_know_of_is_sent(desk: Desk, partner: Receiver) -> None:
    """Numbers come again, for other lines: the id of a message, which has the line's hash, tells them apart."""
    one = subscriber(partner.url, format="report")
    desk.send(one)
    kept = desk.report(1)
    desk.send(one)
    database, backup = desk.store.path, desk.store.path.with_name("backup.db")
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(backup)) as copy:
        source.backup(copy)
    desk.report(2)
    desk.send(one)
    desk.store.close()
    for name in ("-wal", "-shm"):
        database.with_name(database.name + name).unlink(missing_ok=True)
    backup.replace(database)
    desk.store = Store.open(database)
    other = desk.report(3)
    acts.withdraw(desk.store, kept, CAUSE, desk.now)
    desk.send(one)
    assert partner.numbers == [1, 2, 2, 3]
    assert [each.said["data"]["id"] for each in partner.received[2:]] == [other, kept]
    assert [each.said["previous"] for each in partner.received] == [None, 1, 1, 2]
    assert len({each.id for each in partner.received}) == 4


def test_two_programs_do_not_send_to_one_subscriber(desk: Desk, partner: Receiver) -> None:
    one = subscriber(partner.url)
    desk.send(one)
    desk.report(1)
    with closing(Store.open(desk.store.path)) as other:
        assert other.claim("deliver", ["partner"], desk.now) == {"partner"}
        (sent,) = desk.send(one)
        assert sent.is_elsewhere
        assert partner.received == []
    assert desk.send(one)[0].acknowledged == 1  # the other one has ended


def test_the_daemon_sends_what_another_program_writes(desk: Desk, partner: Receiver) -> None:
    one = subscriber(partner.url)

    async def follow() -> None:
        deliveries = desk.deliveries(one)
        deliveries.begin()
        await eventually(lambda: desk.store.queue("partner"))
        with closing(Store.open(desk.store.path)) as other:
            record(other, desk.publishers[0], make_entry(1), now=desk.now)
        await eventually(lambda: partner.received)
        with closing(Store.open(desk.store.path)) as other:
            other.pause_queue("partner", desk.now)
            record(other, desk.publishers[0], make_entry(2), now=desk.now)
            other.resume_queue("partner")
        await eventually(lambda: len(partner.received) == 2)
        await deliveries.end()

    asyncio.run(follow())
    assert partner.numbers == [1, 2]


@pytest.mark.soak
@pytest.mark.parametrize("seed", some(range(400), 5))
def test_whatever_fails_each_change_comes_in_order_and_once_after_de_duplication(
    desk: Desk, partner: Receiver, seed: int
) -> None:
    """A receiver that fails, answers after it has stored, or loses its answer; a program that is started anew at any
    time; acts and reports that come meanwhile.
    """
    chance = random.Random(seed)
    chosen = chance.choice(
        [ALL_REPORTS, Selection(countries=("ML",)), Selection(publishers=("quoted", "daily-example"))]
    )
    one = subscriber(partner.url, selection=chosen, format=chance.choice(["thin", "report", "ninjs"]))
    desk.send(one)
    stored: list[Received] = []

    def reply(received: Received) -> Reply:
        fails = chance.random()
        if fails < 0.7:
            stored.append(received)
        return Reply() if fails < 0.5 else Reply(raw=b"") if fails < 0.7 else Reply(chance.choice([500, 429, 302, 404]))

    partner.reply = reply
    ids: list[str] = []
    for number in range(12):
        if ids and chance.random() < 0.5:
            act = chance.choice([acts.withhold, acts.restore, acts.withdraw])
            with suppress(DeskError):  # it is so already
                act(desk.store, chance.choice(ids), CAUSE, desk.now)
        else:
            ids.append(desk.report(number, chance.randrange(2)))
        if chance.random() < 0.6:
            desk.send(one)
        desk.now = max(desk.now, desk.store.queues()[0].next_at or desk.now) if chance.random() < 0.7 else desk.now
    partner.reply = lambda received: stored.append(received) or Reply()  # type: ignore[func-returns-value]
    desk.after(2 * DAY)
    desk.send(one)
    expected = [line["seq"] for line in desk.store.changes(None, chosen)]
    assert unique([each.number for each in stored]) == expected
    assert unique([each.id for each in stored]) == [f"partner_{desk.store.cursor_at(seq)}" for seq in expected]
    previous = [None, *expected]
    assert {each.number: each.said["previous"] for each in stored} == dict(zip(expected, previous, strict=False))


# What people are told


def test_who_has_not_confirmed_that_a_report_left_is_named_after_a_quarter_of_an_hour(
    desk: Desk, partner: Receiver
) -> None:
    with receiver() as failing:
        only_ghana = Selection(countries=("GH",))
        those = [
            subscriber(partner.url, "confirms"), subscriber(failing.url, "fails"), subscriber(failing.url, "is-off"),
            subscriber(partner.url, "elsewhere", selection=only_ghana), subscriber(failing.url, "left"),
        ]  # fmt: skip
        report = desk.report(1)
        desk.send(*those)
        failing.answer(Reply(500))
        acts.withhold(desk.store, report, CAUSE, desk.now)
        desk.send(*those[:2])
        acts.withdraw(desk.store, report, CAUSE, desk.now)  # the last one counts
        desk.send(*those)
        late = subscriber(failing.url, "late")
        desk.send(late)  # was never given it
        config = Config(wire=LOOPBACK, publishers=desk.publishers, subscribers=(*those[:2], *those[3:4], late))
        config = replace(config, subscribers=(*config.subscribers, replace(those[2], enabled=False)))

        def named(now: datetime) -> dict[str, tuple[bool, str]]:
            rows = unacknowledged(desk.store, config, report, now)
            assert all(row["change_kind"] == "withdrawn" for row in rows)
            return {row["subscriber"]: (row["overdue"], row["state"]) for row in rows}

        expected = {"fails": "failing", "is-off": "off", "left": "no_file"}
        assert named(desk.now + 14 * MINUTE) == {name: (False, state) for name, state in expected.items()}
        assert named(desk.now + 15 * MINUTE) == {name: (True, state) for name, state in expected.items()}
        with pytest.raises(DeskError, match="nothing to confirm"):
            unacknowledged(desk.store, config, desk.report(2), desk.now)
        # A dead letter is no confirmation; a replay that is taken is one.
        while not desk.store.dead_letters("fails"):
            desk.now = max(desk.now, desk.store.queue("fails").next_at or desk.now)  # type: ignore[union-attr]
            desk.send(those[1])
        failing.answer(Reply(200))
        desk.after(MINUTE)
        desk.send(*those[1:])
        seqs = [each["seq"] for each in desk.store.dead_letters("fails")]
        assert seqs == [2]  # the first one, and the withdrawal came
        assert "fails" not in named(desk.now)


def events(store: Store) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while event := store.take_notification():
        found.append(event)
    return found


def test_a_person_is_told_when_a_subscriber_fails_gives_up_ends_and_recovers(desk: Desk, partner: Receiver) -> None:
    one = subscriber(partner.url, contact="ops@partner.example")
    desk.send(one)
    id_ = desk.report(1)
    partner.answer(Reply(500))
    desk.send(one)
    assert events(desk.store) == []
    desk.notify = ("tell",)

    def rounds(count: int) -> list[str]:
        for _ in range(count):
            desk.send(one)
            desk.now = max(desk.now, desk.store.queues()[0].next_at or desk.now)
        return [event["state"] for event in events(desk.store)]

    desk.now = desk.store.queues()[0].next_at or desk.now
    assert rounds(1) == []  # a server that is started anew is no news
    desk.send(one)
    (event,) = events(desk.store)
    assert event == {
        "at": to_iso(desk.now),
        "state": "subscriber_failing",
        "subscriber": "partner",
        "contact": "ops@partner.example",
        "url": partner.url,
        "error": "the server answered 500",
        "failing_since": to_iso(NOW),
        "number": 1,
        "kind": "new",
        "id": id_,
    }
    assert {*event, "wire"} == documented("key of its event")
    desk.now = desk.store.queues()[0].next_at or desk.now
    assert rounds(7) == ["dead_letter"]
    desk.report(2)
    partner.answer(Reply(200))
    assert rounds(1) == ["subscriber_recovered"]
    desk.report(3)
    assert rounds(1) == []
    desk.report(4)
    partner.answer(Reply(410))
    assert rounds(2) == ["subscriber_ended"]
    assert documented("state of a subscriber") == {
        "subscriber_failing", "dead_letter", "subscriber_recovered", "subscriber_ended",
        "unconfirmed",
    }  # fmt: skip


def test_a_withdrawal_that_is_not_confirmed_in_time_is_told_once(desk: Desk, partner: Receiver) -> None:
    desk.notify = ("tell",)
    one = subscriber(partner.url, contact="ops@partner.example")
    those = (one, subscriber(f"{partner.url}/other", "other"), subscriber(f"{partner.url}/quoted", "ngos",
             selection=Selection(kinds=("ngo",))))  # fmt: skip
    old = desk.report(1)
    acts.withhold(desk.store, old, CAUSE, desk.now)
    late = subscriber(f"{partner.url}/late", "late", from_beginning=True)  # which this was never owed in time
    desk.after(HOUR)
    partner.reply = lambda received: Reply(200 if received.path == "/hook/other" else 500)
    desk.send(*those, late)
    id_ = desk.report(2)
    desk.send(*those)
    acts.withhold(desk.store, id_, CAUSE, desk.now)
    acts.restore(desk.store, id_, CAUSE, desk.now)
    desk.send(*those, late)
    desk.after(15 * MINUTE)
    desk.send(*those)
    assert events(desk.store) == []  # the time is not over
    desk.store.pause_queue("partner", desk.now)
    desk.after(SECOND)
    desk.send(*those, late)
    told = {each["subscriber"]: each for each in events(desk.store) if each["state"] == "unconfirmed"}
    assert sorted(told) == ["late", "partner"]
    line = next(line for line in desk.store.changes() if (line["id"], line["change_kind"]) == (id_, "withheld"))
    assert told["partner"] == {
        "at": to_iso(desk.now), "state": "unconfirmed", "subscriber": "partner", "contact": "ops@partner.example",
        "url": partner.url, "error": "the server answered 500", "failing_since": told["partner"]["failing_since"],
        "number": line["seq"], "kind": "withheld", "id": id_,
    }  # fmt: skip
    desk.send(*those, late)
    acts.withdraw(desk.store, id_, CAUSE, desk.now)
    desk.after(16 * MINUTE)

    async def as_the_daemon() -> None:
        deliveries = desk.deliveries(one)
        deliveries.begin()
        await eventually(lambda: bool((queue := desk.store.queue("partner")) and queue.told_seq > line["seq"] + 1))
        await deliveries.end()

    asyncio.run(as_the_daemon())
    again = [each for each in events(desk.store) if each["state"] == "unconfirmed"]
    assert [(each["subscriber"], each["kind"], each["id"]) for each in again] == [("partner", "withdrawn", id_)]
