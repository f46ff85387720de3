"""Changes of known reports that wait for a person, and what the person decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from msgspec import Struct

from aggregator.model.acts import DeskDecision, ReportState
from aggregator.model.article import Known, Words
from aggregator.model.change import Decision, MassKind


class PendingChange(Struct, frozen=True, kw_only=True):
    """One change that waits, and its report as it is now. `raw` and the hashes are b"" for a tombstone."""

    known: Known
    state: ReportState
    words: Words | None  # what the report says now; None for a tombstone
    signal: Literal["entry", "tombstone"]
    mass_kind: MassKind
    article_key: str
    received: datetime
    language: str | None
    words_hash: bytes
    media_hash: bytes | None  # None: not known, or a tombstone
    entry_hash: bytes
    raw: bytes


class Pending(Struct, frozen=True, kw_only=True):
    """Changes of one source that wait, in the order in which they came."""

    source_name: str  # publisher/key
    changes: tuple[PendingChange, ...]
    most: Mapping[MassKind, int]  # the most that one poll of the source changed, with what a person accepted, by kind


class PendingDecision(Struct, frozen=True, kw_only=True):
    """What a person decides about changes that wait. Refused ones have neither decisions nor acts."""

    pending: Pending
    act: Literal["accept", "refuse"]
    actor: str
    decisions: tuple[Decision, ...] = ()
    acts: tuple[DeskDecision, ...] = ()
    most: Mapping[MassKind, int] | None = None  # from now on; None: as before
