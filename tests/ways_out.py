"""Every way out of one history: whoever is reached by it takes what comes, as the page for it says, and is compared
with what the press and the rights say that it must hold.

Each is visited now and then. A visit brings what there is, through the real server or the real sender, and through a
fault where one is asked for; `differences` says in words what is wrong with what is held after it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import random
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
from lxml import etree
from msgspec.structs import replace

from aggregator.model import Config, MailSettings, SavedSearch, Selection, Tell, Wire
from aggregator.model import Subscriber as File
from aggregator.pipeline import matching
from aggregator.pipeline.alerting import Alerter
from aggregator.pipeline.deliveries import Deliveries
from aggregator.store import Store
from tests.alerts.mailbox import Mailbox, mailbox
from tests.conftest import WIRE
from tests.delivery.receiver import Received, Receiver, Reply, receiver
from tests.make_database import CONFIG
from tests.newsrooms import name_of
from tests.pipeline.test_deliveries import ENVIRONMENT, LOOPBACK, subscriber
from tests.subscribers import LAST, Subscriber, Told, World, differences, subscribers
from tests.web.listening import Listener
from tests.web.serving import Served, served

T = TypeVar("T")
ATOM = {"a": "http://www.w3.org/2005/Atom", "at": "http://purl.org/atompub/tombstones/1.0"}
WORDS = "rouvre"  # in the headline of every report


class Way(Protocol):
    name: str
    often: float  # the chance of a visit after a step
    faults: int  # that happened

    def visit(self, world: World, fault: bool) -> bool:
        """Returns whether something waits for another visit."""

    def watch(self, world: World) -> None:
        """After each step."""

    def differences(self, world: World) -> list[str]: ...


async def on(store: Store, call: Callable[[Store], T]) -> T:
    return call(store)


def configured(world: World, wire: Wire = WIRE, **fields: Any) -> Config:
    """The configuration of now: a publisher that was renamed says so, as `publishers rename` writes it."""
    publishers = tuple(
        replace(each, former_keys=(each.key.removesuffix("-was"),) if each.key.endswith("-was") else ())
        for each in world.publishers
    )
    return Config(wire=wire, publishers=publishers, **fields)


def query_of(selection: Selection) -> str:
    named = {
        "publisher": selection.publishers, "country": selection.countries, "kind": selection.kinds,
        "group": selection.groups, "language": selection.languages, "topic": selection.topics, "about": selection.about,
    }  # fmt: skip
    return "".join(f"&{name}={value}" for name, values in named.items() for value in values)


# Over HTTP


@dataclass
class OverHttp:
    """The pages of the API, or the stream of events until it is live. A fault: it comes again, as nothing was noted."""

    wire: Served
    client: httpx.Client
    subscriber: Subscriber
    is_stream: bool
    often: float = 0.03
    faults: int = 0
    last: str = "0"

    @property
    def name(self) -> str:
        return f"{'SSE' if self.is_stream else 'API'}: {self.subscriber.name}"

    def watch(self, world: World) -> None:
        pass

    def visit(self, world: World, fault: bool) -> bool:
        before = self.last
        for line in [*(self._stream() if self.is_stream else self._pages())]:
            self.subscriber.take(line, world)
        if fault and self.last != before:
            self.last, self.faults = before, self.faults + 1
        return False

    def _stream(self) -> Iterator[Mapping[str, Any]]:
        path = f"{self.wire.address}/api/changes/stream?after=0{query_of(self.subscriber.selection)}"
        said = {"Last-Event-ID": self.last} if self.last != "0" else {}
        with self.client.stream("GET", path, headers=said) as answer:
            for event in Listener(answer, self.last).until_live():
                self.last = event.id or self.last
                if event.kind != "heartbeat":
                    yield event.data

    def _pages(self) -> Iterator[Mapping[str, Any]]:
        page: dict[str, Any] = {"next": "first"}
        while page["next"]:
            path = f"{self.wire.address}/api/changes?limit=30&after={self.last}{query_of(self.subscriber.selection)}"
            page = self.client.get(path).raise_for_status().json()
            self.last = page["cursor"] or self.last
            yield from page["changes"]

    def differences(self, world: World) -> list[str]:
        return differences(world, self.subscriber)


@dataclass
class FeedReader:
    """Turns the pages of a feed, as JSON Feed or as Atom, and drops what the feed says is gone."""

    wire: Served
    client: httpx.Client
    name: str = "feed"
    often: float = 0.01
    faults: int = 0
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)  # by the last visit
    gone: set[str] = field(default_factory=set)

    def watch(self, world: World) -> None:
        pass

    def visit(self, world: World, fault: bool) -> bool:
        self.listed, self.gone = set(), set()
        path = "/feeds/latest.json"
        while path:
            page = self.client.get(self.wire.address + path).raise_for_status().json()
            self._take(page)
            older = page.get("next_url", "")
            path = older[older.index("/feeds") :] if older else ""
        atom = etree.fromstring(self.client.get(f"{self.wire.address}/feeds/latest.atom").raise_for_status().content)
        deleted = {_id(ref) for ref in atom.xpath("at:deleted-entry/@ref", namespaces=ATOM)}
        entries = [_id(said) for said in atom.xpath("a:entry/a:id/text()", namespaces=ATOM)]
        assert deleted == self.gone, "Atom and JSON Feed say that others are gone"
        assert {*entries} <= self.listed, "Atom lists others than JSON Feed"
        for id_ in self.gone:
            self.held.pop(id_, None)
        return False

    def _take(self, page: Mapping[str, Any]) -> None:
        self.gone |= {_id(each["id"]) for each in page["_wire"].get("gone", ())}
        for item in page["items"]:
            self.listed.add(_id(item["id"]))
            self.held[_id(item["id"])] = {
                "title": item["title"],
                "publisher": item["_wire"]["publisher"]["key"],
                "scope": item["_wire"]["scope"],
                "text": item["content_html"],
            }

    def differences(self, world: World) -> list[str]:
        now = {id_: item for id_, item in self.held.items() if id_ in self.listed}
        found = [f"the feed lists {id_} and says that it is gone" for id_ in sorted(self.gone & self.listed)]
        found += differences(world, Subscriber(self.name, Selection(), "feed", held=now))
        # What a narrower right takes from a feed leaves its list; what left the wire, the feed says is gone.
        out = {world.ids[each.number] for each in world.told if each.state in ("withheld", "withdrawn", "purged")}
        of_channel = {
            world.ids[each.number]
            for each in world.told
            if "feed" in (rights := world.publishers[each.publisher].rights).redistribute
            and rights.text_scope != "none"
        }
        return found + [
            f"the feed does not say that {id_} is gone" for id_ in sorted(self.held.keys() & out & of_channel)
        ]


def _id(tag: str) -> str:
    return tag.rpartition(":")[2]


# Webhooks


@dataclass
class Webhook:
    """A fault: its server fails, or answers nothing to what it has taken."""

    opened: Receiver
    subscriber: Subscriber
    chance: random.Random
    often: float = 0.05
    faults: int = 0
    is_faulty: bool = False
    inbox: list[Received] = field(default_factory=list)
    failed: bool = False  # something of the last visit waits for another attempt

    def __post_init__(self) -> None:
        self.opened.reply = self._answer
        self.file: File = subscriber(
            self.opened.url, selection=self.subscriber.selection, channel=self.subscriber.channel, format="report",
            from_beginning=True,
        )  # fmt: skip

    @property
    def name(self) -> str:
        return f"webhook: {self.subscriber.name}"

    def _answer(self, received: Received) -> Reply:
        if self.is_faulty and self.chance.random() < 0.5:
            self.faults += 1
            if self.chance.random() < 0.5:
                return Reply(500)
            self.inbox.append(received)
            return Reply(raw=b"")
        self.inbox.append(received)
        return Reply(204)

    def watch(self, world: World) -> None:
        pass

    def visit(self, world: World, fault: bool) -> bool:
        self.is_faulty = fault
        config = configured(world, LOOPBACK, subscribers=(self.file,))

        async def once() -> None:
            own = Deliveries(
                config, lambda call: on(world.store, call), lambda: world.now, environment=ENVIRONMENT,
                chance=self.chance,
            )  # fmt: skip
            await own.once(30)

        asyncio.run(once())
        for received in self.inbox:
            said = received.said
            data = said["data"]
            assert received.is_signed()
            line = {"cursor": said["cursor"], "seq": data["number"], "change_kind": data["kind"], "id": data["id"]}
            self.subscriber.take({**line, "publisher": data["publisher"], "report": data["report"]}, world)
        self.inbox.clear()
        queue = world.store.queue(self.file.name)
        self.failed = bool(queue and queue.attempts)
        return self.failed

    def differences(self, world: World) -> list[str]:
        return [] if self.failed else differences(world, self.subscriber)


# E-mail


@dataclass
class Mail:
    """One who is sent by e-mail what a saved search finds. The words of a message are those of the moment in which it
    is sent: what is new, or in the wire again, is owed where it may leave by e-mail then; a later version is not, where
    it corrects nothing; and that a report was taken back is sent whatever its publisher's rights are now.
    """

    box: Mailbox
    selection: Subscriber  # what the search chooses
    alerter: Alerter
    search: SavedSearch
    often: float = 0.05
    faults: int = 0
    held: set[int] = field(default_factory=set)  # numbers of reports
    owed: set[int] = field(default_factory=set)  # numbers of reports that must come with the next message
    before: dict[int, tuple[int, bool]] = field(default_factory=dict)  # version, and whether it was in the wire
    waits: bool = False
    wrong: list[str] = field(default_factory=list)
    taken_back: int = 0

    @property
    def name(self) -> str:
        return f"e-mail: {self.selection.name}"

    def watch(self, world: World) -> None:
        for each in world.told:
            is_out = each.state == "usable" and not (each.embargo is not None and each.embargo > world.now)
            version, was_out = self.before.get(each.number, (0, False))
            has_line = is_out and (not was_out or version < each.version)
            if not self._may_have(world, each):
                self.owed.discard(each.number)
            elif has_line and (each.number not in self.held or not was_out):
                self.owed.add(each.number)
            self.before[each.number] = each.version, is_out

    def _may_have(self, world: World, each: Told) -> bool:
        publisher = world.publishers[each.publisher]
        now = (publisher.kind, each.language, publisher.key, each.topics, each.about)
        chosen = self.selection.matches(now, each.country)
        return chosen and bool(world.leaves(each, "email"))

    def visit(self, world: World, fault: bool) -> bool:
        self.box.fault = random.Random(world.now.isoformat()).choice(("greylist", "refuse", "close")) if fault else ""
        self.alerter.config = configured(world, self.alerter.config.wire, searches=(self.search,))
        before, faults = len(self.box.taken), len(self.box.faults)

        async def look() -> None:
            await self.alerter.look()
            await self.alerter.sending.done()

        asyncio.run(look())
        self.faults += len(self.box.faults) - faults
        for mail in self.box.taken[before:]:
            self._take(mail, world)
        self.waits = bool(world.store.alert_messages() or world.store.tell_states())
        return self.waits

    def _take(self, mail: EmailMessage, world: World) -> None:
        plain, html = (part.get_content().replace("\r\n", "\n") for part in mail.iter_parts())
        assert (LAST in plain) == (LAST in html)
        for said in plain.split(f"\n{'-' * 72}\n")[1:-1]:
            if "do not use it ***" in said:
                found = [each for each in world.told if name_of(each.number) in said or world.ids[each.number] in said]
                self.wrong += [f"{len(found)} reports are named by {said!r}"] if len(found) != 1 else []
                self.wrong += [f"{said!r} has words that left"] if LAST in said else []
                for each in found:
                    self.taken_back += each.number in self.held
                    self.held.discard(each.number)
                continue
            number = re.search(r"^The original: http://daily-\d\.example/(\d+)$", said, re.MULTILINE)
            assert number is not None, said
            self._hold(world.told[int(number[1])], said, world)

    def _hold(self, each: Told, said: str, world: World) -> None:
        scope = world.leaves(each, "email")
        if not scope:
            self.wrong.append(f"report {each.number} is sent and may not leave: {each.state}")
        if each.title not in said:
            self.wrong.append(f"report {each.number} is sent, and not in version {each.version}")
        if (LAST in said) != (scope == "full_text") or (f"{each.version} attend" in said) != (scope != "headline_only"):
            self.wrong.append(f"report {each.number} is sent otherwise than in {scope}: {said!r}")
        moments = [self.selection.matches(moment, each.country) for moment in each.moments]
        if not any(moments):
            self.wrong.append(f"report {each.number} is sent and was never in the selection")
        self.held.add(each.number)

    def differences(self, world: World) -> list[str]:
        if self.waits:
            return self.wrong
        found = [*self.wrong, *(f"report {number} was not sent" for number in sorted(self.owed - self.held))]
        self.owed.clear()
        for number in sorted(self.held):
            each = world.told[number]
            if each.state != "usable" or (each.embargo is not None and each.embargo > world.now):
                found.append(f"report {number} is {each.state}, embargo {each.embargo}, and was not taken back")
        return [f"{self.name}: {each}" for each in found]


@dataclass
class Servers:
    """What is used for one history after another."""

    config: Path  # of the web server, which has the publishers of the database
    partner: Receiver
    box: Mailbox


@contextmanager
def servers() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory() as folder, receiver() as partner, mailbox() as box:
        config = Path(folder) / "config"
        wire, *publishers = sorted(CONFIG.rglob("*.toml"), key=lambda file: (file.name != "wire.toml", file.name))
        (own,) = (file for file in publishers if file.stem == "tamarind-wire")
        for file in (wire, CONFIG / "rights.toml", own):
            copied = config / file.relative_to(CONFIG)
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(file.read_bytes())
            os.utime(copied, (0, 0))  # older than any time of the histories, so that it is read once
        yield Servers(config, partner, box)


@contextmanager
def ways_out(world: World, others: Servers) -> Iterator[list[Way]]:
    """One of each way, of selections that the world's number chooses."""
    database: Path = world.store.path
    chance, those = random.Random(world.seed), subscribers()
    turn = world.seed % len(those)
    those = [*those[turn:], *those[:turn]]
    mail = MailSettings(
        host="127.0.0.1",
        port=others.box.port,
        security="none",
        sender="wire@wire.example",
        timeout=timedelta(seconds=5),
    )
    search = SavedSearch(
        name="some", words=WORDS, title="Some", selection=those[3].selection, tells=(Tell(email="desk@example.org"),)
    )
    others.box.taken.clear()
    config = configured(world, replace(WIRE, mail=mail), searches=(search,))
    matching.follow(world.store, config, world.now)
    alerter = Alerter(config, database.parent, lambda call: on(world.store, call), lambda: world.now)
    with ExitStack() as stack:
        wire = stack.enter_context(served(database.parent, others.config, clock=lambda: world.now))
        client = stack.enter_context(httpx.Client(timeout=30, verify=False))
        public = [dataclasses.replace(each, channel="web") for each in those]  # whoever has no token
        yield [
            OverHttp(wire, client, public[0], is_stream=False),
            OverHttp(wire, client, public[1], is_stream=True),
            FeedReader(wire, client),
            Webhook(others.partner, those[2], chance),
            Mail(others.box, those[3], alerter, search),
        ]
