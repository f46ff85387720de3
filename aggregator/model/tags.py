"""What the wire found out about a report, beside its publisher's words, each with the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from aggregator.model.who import Who

# Where in a report the words stand that are the evidence.
Where = Literal["headline", "text", "dateline", "category"]
# What says a report's language: the feed; the script, the words and a second library; the publisher's configuration.
LanguageFrom = Literal["stated", "script", "words", "short", "configured"]

# Characters of a report's text that are read: what it is about is said before.
MOST_OF_TEXT = 20_000


class TagEvidence(Struct, frozen=True):
    """Words of a report for which a tag was set."""

    words: str  # as they stand in the report
    where: Where
    rule: str  # what counts them, such as `name`, `demonym`, `city`, `category`, `word list`


class Tag(Struct, frozen=True):
    """A topic or a country that a report is about."""

    code: str  # of a topic its IPTC Media Topic, such as 04000000; of a country ISO 3166-1 alpha-2
    weight: float  # more than 0, 1 at most: how much of the evidence speaks for it
    evidence: tuple[TagEvidence, ...]  # one at least, the strongest first


class Tags(Struct, frozen=True, kw_only=True):
    """What a report is about, and in which language it is."""

    by: str  # what says by which tables they were set: where that is another, they are set anew (`retag`). '': by none
    language: str | None = None  # BCP 47; None: not known
    language_from: LanguageFrom | None = None  # None: the language is not known
    topics: tuple[Tag, ...] = ()  # the heaviest first
    countries: tuple[Tag, ...] = ()  # likewise; of the report, not of its publisher
    broader: tuple[str, ...] = ()  # codes of the topics that these are part of, without these
    who: Who | None = None  # its makers; None: they were read with its words
    credits: tuple[tuple[int, str], ...] = ()  # found in captions of stored pictures without one: place, credit


class TagSettings(Struct, frozen=True):
    """What of tags a publisher's file switches off or says otherwise."""

    language: bool = True  # False: what the feed says, or the first of the publisher's languages
    countries: bool = True
    topics: bool = True
    datelines: bool = True
    bylines: bool = True  # persons, organisations and agencies in them
    credits: bool = True  # of pictures, in their captions
    categories: Mapping[str, str | None] = field(default_factory=dict)  # topics of its own categories; None: of none


class TagWords(Struct, frozen=True, kw_only=True):
    """What of a report tags are read from, in plain words."""

    title: str
    text: str = ""
    categories: tuple[str, ...] = ()  # the publisher's own
    stated: str | None = None  # the language that the feed says; None: none
    dateline: str | None = None  # where it was read already
    makers: MakerWords | None = None  # None: its makers were read with its words


class MakerWords(Struct, frozen=True, kw_only=True):
    """What of a stored report its makers are read from, beside the beginning of its text."""

    byline: str | None
    house: tuple[str, ...]  # names of its publisher
    credits: tuple[str, ...] = ()  # of its pictures
    captions: tuple[tuple[int, str], ...] = ()  # of stored pictures whose credit was not looked for yet: place, caption
    last_line: str = ""  # of its text


class Untagged(Struct, frozen=True, kw_only=True):
    """A stored report that waits for its tags, or whose tags are of other tables than those of now."""

    article_id: int
    publisher: str  # its key
    languages: tuple[str, ...]  # the publisher's, as they are stored
    revision: int  # the number of its newest version, whose words these are
    words: TagWords
