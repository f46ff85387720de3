"""The nouns of the wire: frozen values that every room shares; this room does nothing and reads nothing.

Here stand those that are made of nouns of several of its files: a poll, and what is due.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.model.article import (
    Article,
    Decision,
    Entry,
    Hints,
    Known,
    Link,
    Match,
    Parsed,
    Person,
    Report,
    Selection,
    Text,
    Words,
)
from aggregator.model.poll import (
    Busy,
    FetchResult,
    Finding,
    NextPoll,
    PageVisit,
    Proposal,
    Recheck,
    Redirection,
    Removal,
    RobotsCopy,
    Validators,
)
from aggregator.model.publisher import (
    Access,
    Config,
    Contact,
    Corrections,
    Credentials,
    Faulty,
    FetchSettings,
    Images,
    PollSettings,
    Publisher,
    Rights,
    Source,
    Template,
    Terms,
    Wire,
)
from aggregator.model.vocabulary import (
    GROUP_OF_KIND,
    LEARNED,
    AiUse,
    Basis,
    Canonical,
    ChangeKind,
    Channel,
    CommercialUse,
    Edits,
    Gap,
    Group,
    IdentityRules,
    IdTrust,
    ImageScope,
    Index,
    ItemClass,
    Kind,
    Ladder,
    MassKind,
    OnGone,
    OnMissing,
    Outcome,
    RedirectState,
    Relationship,
    Status,
    Storage,
    SystematicRepublication,
    TextScope,
    Translation,
)

__all__ = [
    "GROUP_OF_KIND",
    "LEARNED",
    "Access",
    "AiUse",
    "Article",
    "Basis",
    "Busy",
    "Canonical",
    "ChangeKind",
    "Channel",
    "CommercialUse",
    "Config",
    "Contact",
    "Corrections",
    "Credentials",
    "Decision",
    "Due",
    "Edits",
    "Entry",
    "Faulty",
    "FetchResult",
    "FetchSettings",
    "Finding",
    "Gap",
    "Group",
    "Hints",
    "IdTrust",
    "IdentityRules",
    "ImageScope",
    "Images",
    "Index",
    "ItemClass",
    "Kind",
    "Known",
    "Ladder",
    "Link",
    "MassKind",
    "Match",
    "NextPoll",
    "OnGone",
    "OnMissing",
    "Outcome",
    "PageVisit",
    "Parsed",
    "Person",
    "Poll",
    "PollSettings",
    "Proposal",
    "Publisher",
    "Recheck",
    "RedirectState",
    "Redirection",
    "Relationship",
    "Removal",
    "Report",
    "Rights",
    "RobotsCopy",
    "Selection",
    "Source",
    "Status",
    "Storage",
    "SystematicRepublication",
    "Template",
    "Terms",
    "Text",
    "TextScope",
    "Translation",
    "Validators",
    "Wire",
    "Words",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What one poll of one source did. Stored with what it brought, in one transaction."""

    source: Source
    started: datetime
    seconds: float
    outcome: Outcome
    next: NextPoll | None = None  # None: not decided yet
    status: int | None = None  # of HTTP; None: no answer
    error: str | None = None
    format: str | None = None
    body_bytes: int = 0
    body_hash: bytes | None = None  # None: keep the one stored
    validators: Validators | None = None  # None: keep those stored; of a poll that failed: forget them
    is_conditional: bool = False  # validators were sent
    retry_after: timedelta | datetime | None = None
    fresh_for: timedelta | None = None
    hints: Hints | None = None  # None: keep those stored
    moved_to: str | None = None
    busy: tuple[Busy, ...] = ()  # hosts that asked to be left alone, when they were asked for this poll
    redirection: Redirection | None = None  # what is to be remembered of where the document came from; None: nothing
    entries: int = 0
    new: int = 0
    revised: int = 0
    unchanged: int = 0
    drops: Mapping[str, int] = field(default_factory=dict)
    adjusted: Mapping[str, int] = field(default_factory=dict)  # stored versions with a value cut or left out, by reason
    withdrawn: tuple[str, ...] = ()  # ids that the document took back
    settled: tuple[str, ...] = ()  # first keys of the entries that say what they said before, and were only named
    is_whole: bool = (
        True  # False: the named ones matter after all; nothing was stored, the document is to be read whole
    )
    pages: int = 0  # older pages that were read, because the document did not reach back to the one before
    is_joined: bool = False  # whether they do
    # entries that the source had listed before, 0 where they do not show that it reaches back to the document before
    # (see `decide.gaps`); None: there was nothing to compare
    overlap: int | None = None
    gap: Gap | None = None
    proposal: Proposal | None = None  # what a search for a door found; None: nothing, or it was none
    waiting: int = 0  # changes of known reports that wait for a person since this poll, because it changes too much
    excess: int = 0  # of the new reports those beyond what one poll or day may add, which are stored as backfill


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A source whose time has come, with what the store remembers of it."""

    source: Source
    validators: Validators = field(default_factory=Validators)
    body_hash: bytes | None = None
    failures: int = 0  # in a row
    ladder: Ladder = "id"
    conditional: int = 0  # polls in a row that sent validators
    validators_lied: bool = False
    proposed: str | None = None  # the door that was found for a source of kind "discover"
    accepted: tuple[str, ...] = ()  # addresses that its documents may come from, although none of its file's
    redirect_unchecked: bool = False  # it was polled before redirects were checked, and has not answered since
    last_poll: str | None = None  # when its last poll began, as the store has it; None: it never was polled
