"""What subscribers must hold: a model of a press and of the rights over it, and subscribers that follow the ledger.

The press knows what it published, what was decided about it and what its publishers let out; it knows nothing of the
store. `differences` compares what a subscriber holds with that, whatever way it came: `Subscriber.take` is given lines
as docs/changes.md describes them. A world is made of a number alone, so a number is its own reproduction.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.housekeeping import release_embargoes
from aggregator.desk.outgoing import feed, outlet, releases
from aggregator.desk.purging import chosen, purge
from aggregator.desk.terms import sync
from aggregator.model import (
    Cause,
    Channel,
    Cursor,
    Entry,
    Link,
    Publisher,
    Rights,
    Selection,
    Tag,
    TagEvidence,
    Tags,
    Text,
    Untagged,
)
from aggregator.model.release import Heading, Release
from aggregator.output.record import record
from aggregator.pipeline.recording import record as record_polls
from aggregator.store import Store
from aggregator.text.query import parse
from aggregator.web import changes
from tests.conftest import AGREEMENT, NOW, QUOTATION, WIRE, make_articles, make_poll, make_publisher, with_tags
from tests.newsrooms import name_of

MINUTE = timedelta(minutes=1)
BECAUSE = Cause(actor="person:ama", reason="a mistake")
SCOPES: Mapping[str, Rights] = {
    "full_text": AGREEMENT,
    "excerpt": QUOTATION,
    "headline_only": replace(QUOTATION, text_scope="headline_only"),
    "none": replace(QUOTATION, basis="none", text_scope="none"),
}
CHANNELS: tuple[tuple[Channel, ...], ...] = (("web", "feed", "api", "email"), ("web", "api"), ("feed",), ())
LANGUAGES = ("fr", "sw", "ar")
KINDS = ("newspaper", "ngo", "government")
LAST = "Les camions restent."  # the last sentence of a text: in no excerpt
COUNTRIES = ("ML", "TZ", "SN")
TOPICS = ("15000000", "04000000", "11000000")


# By what a report can be chosen: kind and key of its publisher, language, topics and countries.
Moment: TypeAlias = tuple[str, str, str, tuple[str, ...], tuple[str, ...]]


@dataclass
class Told:
    """A report as the press and the desk know it."""

    number: int
    publisher: int
    country: str
    language: str
    version: int = 1
    state: str = "usable"  # or withheld, withdrawn, purged
    embargo: datetime | None = None
    was_taken_back: bool = False  # by its publisher
    is_out: bool = False  # readers could know of it at some time
    moments: set[Moment] = field(default_factory=set)  # what it was when it was out
    topics: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    written: str = ""  # the language of its newest words, as its feed says
    is_tagged: bool = True  # False: they wait for tags
    was_tagged: bool = False

    @property
    def title(self) -> str:
        return f"{name_of(self.number)} rouvre, v{self.version}x"


@dataclass
class World:
    """A press of some publishers, the wire's store, and what is true. `step` lets one thing happen."""

    store: Store
    seed: int
    now: datetime = NOW
    told: list[Told] = field(default_factory=list)
    ids: dict[int, str] = field(default_factory=dict)  # of the wire, by number
    happened: list[str] = field(default_factory=list)
    publishers: list[Publisher] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.publishers = [
            make_publisher(f"daily-{number}", AGREEMENT, languages=LANGUAGES, country=COUNTRIES[number])
            for number in range(3)
        ]
        self._configure()

    def step(self) -> None:
        self.now += 10 * MINUTE
        release_embargoes(self.store, self.now)
        self._note()
        doing = self.random.choice(DOINGS)
        self.happened.append(doing)
        getattr(self, f"_{doing}")()
        self._note()

    def rest(self, pause: timedelta) -> None:
        """Nothing happens for so long."""
        self.now += pause
        release_embargoes(self.store, self.now)
        self._note()

    def _note(self) -> None:
        """By what could each report that is out be chosen in this moment?"""
        for each in self.told:
            publisher = self.publishers[each.publisher]
            is_hidden = each.embargo is not None and each.embargo > self.now
            if not is_hidden and each.state != "purged" and publisher.rights.text_scope != "none":
                each.is_out = True
            if each.is_out:
                each.moments.add((publisher.kind, each.language, publisher.key, each.topics, each.about))

    def pick(self, *states: str) -> Told | None:
        """One of the last reports, so that several things happen to one."""
        found = [each for each in self.told[-12:] if each.state in states]
        return self.random.choice(found) if found else None

    # What publishers do

    def _publish(self) -> None:
        which = self.random.randrange(3)
        country = self.publishers[which].country
        self.told.append(Told(len(self.told), which, country, "", written=self.random.choice(LANGUAGES)))
        self._tag(self.told[-1])
        self._poll(self.told[-1])

    def _publish_embargoed(self) -> None:
        self._publish_one(self.now + 35 * MINUTE)

    def _publish_one(self, until: datetime) -> None:
        which = self.random.randrange(3)
        self.told.append(Told(len(self.told), which, self.publishers[which].country, "fr", embargo=until, written="fr"))
        self._poll(self.told[-1])

    def _revise(self) -> None:
        if each := self.pick("usable", "withheld"):
            each.version += 1
            self._tag(each)
            self._poll(each)

    def _translate(self) -> None:
        if each := self.pick("usable"):
            each.version += 1
            each.written = self.random.choice([tag for tag in LANGUAGES if tag != each.written])
            self._tag(each)
            self._poll(each)

    def _take_back(self) -> None:
        if (each := self.pick("usable")) and each.embargo is None:
            # What its publisher took back, and a person restored, it cannot take back once more.
            each.state, each.was_taken_back = ("usable" if each.was_taken_back else "withdrawn"), True
            source = self.publishers[each.publisher].sources[0]
            record_polls(self.store, [(make_poll(source, self.now, withdrawn=(self._guid(each),)), ())], self.now)

    def _poll(self, each: Told) -> None:
        publisher = self.publishers[each.publisher]
        words = f"{each.title}. {name_of(each.number)} {each.version} attend."
        title = each.title if each.embargo is None else f"Under embargo until {each.embargo.isoformat()}: {each.title}"
        entry = Entry(
            id=self._guid(each),
            title=Text(title, "text/plain"),
            summary=Text(f"<p>{words}</p>"),
            content=(Text(f"<p>{words}</p><p>{'Ils attendent encore. ' * 40}</p><p>{LAST}</p>"),),
            links=(Link(f"http://daily-{each.publisher}.example/{each.number}"),),
            language=each.written,
            published=(NOW + each.number * MINUTE).isoformat(),
        )
        known = {*self.ids.values()}
        poll = make_poll(publisher.sources[0], self.now)
        (article,) = make_articles(publisher, entry)
        if each.is_tagged:
            each.was_tagged = True
            article = with_tags(article, each.topics, each.about, language=each.language)
        record_polls(self.store, [(poll, [article])], self.now)
        if each.number not in self.ids:
            (self.ids[each.number],) = {*self.store.first_seen(None, self.now, None)} - known

    @staticmethod
    def _guid(each: Told) -> str:
        return f"tag:daily-{each.publisher}:{each.number}"

    def _tag(self, each: Told) -> None:
        """By what its newest words are chosen. Now and then that is found later (`_tag_waiting`); until then it is as
        it was found before, if it was.
        """
        each.is_tagged = self.random.random() < 0.8
        if each.is_tagged or not each.was_tagged:
            each.language = each.written
        if each.is_tagged:
            each.topics = tuple(self.random.sample(TOPICS, self.random.randint(0, 2)))
            each.about = tuple(self.random.sample(COUNTRIES, self.random.randint(0, 2)))

    def _tag_waiting(self) -> None:
        waiting = [each for each in self.store.to_tag(5) if self.random.random() < 0.7]
        self._retag_these(waiting)

    def _retag(self) -> None:
        """By other tables."""
        keys = {publisher.key: self.random.choice("ab") for publisher in self.publishers}
        self._retag_these(self.store.tagged_by_others(keys, None, self.random.randrange(20), 3))

    def _retag_these(self, those: Sequence[Untagged]) -> None:
        found = []
        for one in those:
            each = next(each for each in self.told if one.words.title.endswith(each.title))
            each.is_tagged = each.was_tagged = True
            each.language = self.random.choice(LANGUAGES)
            each.topics = tuple(self.random.sample(TOPICS, self.random.randint(0, 2)))
            each.about = tuple(self.random.sample(COUNTRIES, self.random.randint(0, 2)))
            evidence = (TagEvidence(each.title, "headline", "name"),)
            tags = Tags(
                by=self.random.choice("ab"),
                language=each.language,
                language_from="words",
                topics=tuple(Tag(code, 1.0, evidence) for code in each.topics),
                countries=tuple(Tag(code, 1.0, evidence) for code in each.about),
            )
            found.append((one, tags))
        self.store.save_tags(found, self.now)

    # What the desk does

    def _withhold(self) -> None:
        self._act("withheld", "usable", lambda id_: acts.withhold(self.store, id_, BECAUSE, self.now))

    def _legal(self) -> None:
        self._act("withheld", "usable", lambda id_: acts.withhold(self.store, id_, BECAUSE, self.now, legal=True))

    def _withdraw(self) -> None:
        self._act("withdrawn", "usable", lambda id_: acts.withdraw(self.store, id_, BECAUSE, self.now))

    def _restore(self) -> None:
        for state in ("withheld", "withdrawn"):
            self._act("usable", state, lambda id_: acts.restore(self.store, id_, BECAUSE, self.now))

    def _purge(self) -> None:
        def purged(id_: str) -> None:
            purge(self.store, chosen(self.store, [id_]), BECAUSE, self.now)

        self._act("purged", self.random.choice(("usable", "withheld", "withdrawn")), purged)

    def _embargo(self) -> None:
        if (each := self.pick("usable")) and each.embargo is None:
            each.embargo = self.now + 25 * MINUTE
            acts.embargo(self.store, self.ids[each.number], each.embargo, BECAUSE, self.now)

    def _act(self, after: str, before: str, carry_out: Any) -> None:
        each = self.pick(before)
        if each and (each.embargo is None or each.embargo <= self.now):
            each.embargo = None
            each.state = after
            carry_out(self.ids[each.number])

    # What is configured

    def _rights(self) -> None:
        self._change(rights=replace(SCOPES[self.random.choice([*SCOPES])], redistribute=CHANNELS[0]))

    def _channels(self) -> None:
        which = self.random.randrange(3)
        rights = replace(self.publishers[which].rights, redistribute=self.random.choice(CHANNELS))
        self._change(which, rights=rights)

    def _kind(self) -> None:
        self._change(kind=self.random.choice(KINDS))

    def _country(self) -> None:
        self._change(country=self.random.choice(COUNTRIES))

    def _rename(self) -> None:
        which = self.random.randrange(3)
        old = self.publishers[which].key
        new = f"daily-{which}" if "was" in old else f"daily-{which}-was"
        self.store.rename_publishers({old: new}, self.now)
        sources = tuple(replace(each, publisher=new) for each in self.publishers[which].sources)
        self._change(which, key=new, sources=sources)

    def _change(self, which: int | None = None, **fields: Any) -> None:
        which = self.random.randrange(3) if which is None else which
        self.publishers[which] = replace(self.publishers[which], **fields)
        self._configure()

    def _configure(self) -> None:
        sync(self.store, WIRE, self.publishers, self.now, self.now.date())

    # What is true

    def leaves(self, each: Told, channel: Channel) -> str:
        """The scope in which a report may leave now; '': it may not."""
        rights = self.publishers[each.publisher].rights
        is_hidden = each.embargo is not None and each.embargo > self.now
        if each.state != "usable" or is_hidden or channel not in rights.redistribute or rights.text_scope == "none":
            return ""
        return rights.text_scope


DOINGS = (
    *["publish"] * 6, "publish_embargoed", *["revise"] * 3, "translate", "take_back", "withhold", "legal", "withdraw",
    *["restore"] * 2, "tag_waiting", "retag", "purge", "embargo", *["rights"] * 2, "channels", "kind", "country",
    "rename",
)  # fmt: skip


@dataclass
class Subscriber:
    """Follows the ledger as docs/changes.md says, by one selection and channel."""

    name: str
    selection: Selection
    channel: Channel
    cursor: Cursor | None = None
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[int] = field(default_factory=list)  # numbers of lines, each once, as they came
    cursors: list[Cursor] = field(default_factory=list)  # those of `seen`
    doubles: int = 0
    finds: Callable[[Told], bool] = lambda each: True  # whether the words of a report are now looked for
    words: str = ""  # of its saved search
    ignored: str = ""  # a kind of line that it leaves out, to show that the model misses it

    def take(self, line: Mapping[str, Any], world: World) -> None:
        """One line, in JSON's types."""
        self.cursor = Cursor.read(line["cursor"])
        assert self.cursor is not None
        if self.seen and line["seq"] <= self.seen[-1]:
            self.doubles += 1
        else:
            self.seen.append(line["seq"])
            self.cursors.append(self.cursor)
        if line["change_kind"] == self.ignored:
            return
        if line["change_kind"] == "terms_changed":
            self.read_anew(line["publisher"], world)
        elif line["report"] is None:
            self.held.pop(line["id"], None)
        else:
            self.held[line["id"]] = line["report"]

    def read_anew(self, publisher: str, world: World) -> None:
        """What it holds of a publisher, and what of its reports is in the selection now."""
        store = world.store
        of_publisher = {*store.first_seen(publisher, None, None)}
        mine = [each for each in self.held if each in of_publisher]
        # Whoever chose it by the key that it had before is given its lines, and now reads by the key that it has.
        listed = replace(self.selection, publishers=(publisher,), search=None)
        mine += [each.id for each in store.reports(listed, parse(self.words, world.now) if self.words else None)]
        for each in mine:
            self.held.pop(each, None)
        by = outlet(store, self.channel, world.now)
        for out in releases(store, WIRE, dict.fromkeys(mine), by):
            if isinstance(out, Release):
                self.held[out.id] = record(out)

    def crash(self, lost: int) -> None:
        """It has read so many lines and not noted how far it is."""
        self.cursor = self.cursors[-lost - 1] if len(self.cursors) > lost else None

    def read_pages(self, world: World, limit: int) -> Iterator[dict[str, Any]]:
        """By the API, to the end; each line is taken."""
        is_more = True
        while is_more:
            selection = replace(self.selection, after=self.cursor, limit=limit)
            page = changes.read(world.store, WIRE, outlet(world.store, self.channel, world.now), selection, 100_000)
            for _, _, said in page.lines:
                line = json.loads(said)
                self.take(line, world)
                yield line
            is_more, self.cursor = page.is_more, Cursor.read(page.cursor) if page.cursor else None

    def matches(self, moment: Moment, country: str) -> bool:
        kind, language, key, topics, about = moment
        wanted = self.selection
        return (
            (not wanted.topics or not {*wanted.topics}.isdisjoint(topics))
            and (not wanted.about or not {*wanted.about}.isdisjoint(about))
            and kind in (wanted.kinds or (kind,))
            and (not wanted.groups or kind == "newspaper")  # the only kind here that is a news organization
            and language in (wanted.languages or (language,))
            and key.removesuffix("-was") in (wanted.publishers or (key.removesuffix("-was"),))
            and country in (wanted.countries or (country,))
        )


def subscribers() -> list[Subscriber]:
    """Of several selections and channels."""
    return [
        Subscriber("all", Selection(), "api"),
        Subscriber("on the web", Selection(countries=("ML", "SN")), "web"),
        Subscriber("newspapers", Selection(kinds=("newspaper",)), "api"),
        Subscriber("ngos in Swahili", Selection(kinds=("ngo",), languages=("sw",)), "email"),
        Subscriber("one publisher", Selection(publishers=("daily-1",)), "feed"),
        Subscriber("French of newspapers", Selection(languages=("fr",), groups=("news_organization",)), "api"),
        Subscriber("sports", Selection(topics=("15000000",)), "api"),
        Subscriber("about Mali in Swahili", Selection(about=("ML",), languages=("sw",)), "api"),
    ]


def differences(world: World, subscriber: Subscriber) -> list[str]:
    """In words, how what a subscriber holds differs from what it must hold. It must hold what may leave and is in its
    selection; what was in it once, and may leave, it may hold.
    """
    found, by_id = [], {world.ids[each.number]: each for each in world.told}
    for id_, each in by_id.items():
        scope, copy = world.leaves(each, subscriber.channel), subscriber.held.get(id_)
        publisher = world.publishers[each.publisher]
        now = (publisher.kind, each.language, publisher.key, each.topics, each.about)
        is_now = subscriber.matches(now, each.country)
        is_now = is_now and subscriber.finds(each)
        once = any(subscriber.matches(moment, each.country) for moment in each.moments)
        said = f"{subscriber.name}, report {each.number} ({id_}) of {publisher.key}, {each.state}"
        if copy is None:
            if scope and is_now:
                found.append(f"{said}: it must be held, in {scope}")
            continue
        if not scope:
            found.append(f"{said}: it may not leave, and is held")
        elif not (is_now or once):
            found.append(f"{said}: it was never in the selection")
        elif each.title not in copy["title"] or copy["publisher"] != publisher.key:
            found.append(f"{said}: version {each.version} must be held, not {copy['title']!r} of {copy['publisher']}")
        elif "topics" in copy and [copy[name] for name in _CHOSEN_BY] != [each.language, [*each.topics], [*each.about]]:
            found.append(f"{said}: it must be held as {each.language}, {each.topics}, {each.about}, not as {copy}")
        elif copy["scope"] != scope or (LAST in (copy["text"] or "")) != (scope == "full_text"):
            found.append(f"{said}: it may leave in {scope}, and is held in {copy['scope']}")
    found += [f"{subscriber.name} holds {id_}, which nobody published" for id_ in subscriber.held.keys() - by_id.keys()]
    return found


_CHOSEN_BY = ("language", "topics", "about")  # of a record


def differences_of_feed(world: World, channel: Channel = "feed") -> list[str]:
    """How what a feed of all reports says differs from what it must say."""
    ids = [each.id for each in world.store.reports(Selection(limit=1_000))]
    by = outlet(world.store, channel, world.now)
    found = feed(world.store, WIRE, ids, by, Heading(title="all", address=WIRE.url))
    reader = Subscriber("feed", Selection(), channel, held={each.id: record(each) for each in found.releases})
    gone = {each.id for each in found.gone}
    wrong = [f"the feed lists {id_} and says that it is gone" for id_ in sorted(gone & reader.held.keys())]
    return wrong + differences(world, reader)


def random_selection(of: random.Random) -> Selection:
    """Any combination of what an address of the API may ask for."""

    def some(values: Sequence[str]) -> tuple[str, ...]:
        return tuple(of.sample(values, of.randint(1, len(values) - 1))) if of.random() < 0.35 else ()

    return Selection(
        publishers=some(("daily-0", "daily-1", "daily-2")),
        countries=some(COUNTRIES),
        kinds=some(KINDS),
        groups=some(("news_organization", "institution")),
        languages=some(LANGUAGES),
        topics=some(TOPICS),
        about=some(COUNTRIES),
        channel=of.choice((None, None, "web", "feed")),
    )


@dataclass(frozen=True)
class Listed:
    """What somebody was given by a filter at some time: the list of that moment, and where the ledger was."""

    selection: Selection
    ids: tuple[str, ...]
    after: Cursor | None

    @classmethod
    def now(cls, world: World, of: random.Random) -> Listed:
        selection = random_selection(of)
        # A list is of publishers by the keys that they have.
        keys = tuple(each.key for each in world.publishers if each.key.removesuffix("-was") in selection.publishers)
        listed = world.store.reports(replace(selection, publishers=keys))
        leaving = {world.ids[each.number] for each in world.told if world.leaves(each, "api")}
        return cls(selection, tuple(each.id for each in listed if each.id in leaving), world.store.last_cursor())

    def kept_from(self, world: World) -> list[str]:
        """The reports that were given and may leave no more, and of which no later line of the filter says so."""
        lines = world.store.changes(self.after, self.selection)
        said = {line["id"] for line in lines}
        changed = {line["publisher"] for line in lines if line["change_kind"] == "terms_changed"}
        by_id = {world.ids[each.number]: each for each in world.told}
        return [
            f"{id_}, {by_id[id_].state}: given by {self.selection}, and not taken back"
            for id_ in self.ids
            if not world.leaves(by_id[id_], "api")
            and id_ not in said
            and world.publishers[by_id[id_].publisher].key not in changed
        ]
