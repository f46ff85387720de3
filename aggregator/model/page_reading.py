"""What came of reading reports' own pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from aggregator.model.change import Decision
from aggregator.model.publisher import ItemClass, PagesMode

# read: all that is asked for could be read; withheld: the page is there, and its text may not be taken, or there is
# none; failed: the page could not be read.
PageOutcome = Literal["read", "withheld", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """A report as it is held when its page is read."""

    article_id: int
    revision: int
    raw: bytes  # of that version
    language: str | None  # that the report has
    stated_language: str | None  # that its publisher says, in the feed or on the page
    item_class: ItemClass
    key: str  # one of its keys
    source_name: str  # of the source whose words are in force


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReading:
    """What one reading of a report's page brought, and what it changes."""

    article_id: int
    mode: PagesMode
    outcome: PageOutcome
    reason: str | None = None  # why it was withheld or failed, in words of ours; None: it was read
    revision: int | None = None  # of the report when this was decided; None: nothing was
    decision: Decision | None = None  # None: no new version
    fields: tuple[str, ...] = ()  # what of the report is its page's now
    evidence: Mapping[str, str] = field(default_factory=dict)  # by which rule each of them was found
