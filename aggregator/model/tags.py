"""What the wire found out about a report, beside its publisher's words, each with the evidence for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Where in a report the words stand that are the evidence.
Where = Literal["headline", "text", "dateline", "category"]
# What says a report's language: the feed; the script, the words and a second library; the publisher's configuration.
LanguageFrom = Literal["stated", "script", "words", "short", "configured"]


@dataclass(frozen=True, slots=True)
class TagEvidence:
    """Words of a report for which a tag was set."""

    words: str  # as they stand in the report
    where: Where
    rule: str  # what counts them, such as `name`, `demonym`, `city`, `category`, `word list`


@dataclass(frozen=True, slots=True)
class Tag:
    """A topic or a country that a report is about."""

    code: str  # of a topic its IPTC Media Topic, such as 04000000; of a country ISO 3166-1 alpha-2
    weight: float  # more than 0, 1 at most: how much of the evidence speaks for it
    evidence: tuple[TagEvidence, ...]  # one at least, the strongest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What a report is about, and in which language it is."""

    by: str  # what says by which tables they were set: where that is another, they are set anew (`retag`)
    language: str | None = None  # BCP 47; None: not known
    language_from: LanguageFrom | None = None  # None: the language is not known
    topics: tuple[Tag, ...] = ()  # the heaviest first
    countries: tuple[Tag, ...] = ()  # likewise; of the report, not of its publisher
