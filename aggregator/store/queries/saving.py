"""Stores what polls brought: a poll is a row of `polls`, a change of its source's row, and all that its entries say.

Nothing is decided here; see `PollRecord`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregator.model import Article, Pause, Poll, PollRecord, Proposal, Validators
from aggregator.store.connection import Connection
from aggregator.store.queries import acts, habits, pending, pending_revisions, polls, redirects, source_rules
from aggregator.text.dates import to_iso
from aggregator.text.urls import domain_of_url

_SPREAD = 0.1  # of the pause: so much apart at most are the sources asked afterwards
_STEPS = 16


def save(connection: Connection, record: PollRecord, now: datetime) -> Mapping[int, Article]:
    """Returns the new articles that no act is upon, by their numbers. Within a transaction; ValueError: an act was not
    decided by `known`.
    """
    source_id, poll = record.known.source_id, record.poll
    new = _save_entries(connection, record, now) if record.decisions else {}
    numbers = {article.id: number for number, article in new.items()}
    for decision in record.acts:
        if not acts.write(connection, decision, to_iso(now)):
            raise ValueError(f"{decision.before.id}: this act was decided for another state of the report")
    if record.gone_pending_revisions is not None:
        pending_revisions.note_gone(connection, source_id, record.gone_pending_revisions)
    if record.ended_tombstones:
        pending.forget_tombstones(connection, record.ended_tombstones)
    if record.new_tombstones:
        waiting = {_number(report, numbers): key for report, key in record.new_tombstones.items()}
        pending.write_tombstones(connection, source_id, waiting, now)
    is_told = record.known.is_unchecked or record.known.has_pending_redirect or poll.outcome == "pending"
    if is_told and (poll.is_answer or poll.outcome == "pending"):
        redirects.write(connection, record, now)
    _save_poll(connection, record)
    listed: list[int | str] | None = None
    if record.last_listed is not None:
        left_out = {each.key for each in record.left_out or ()}
        listed = [each if each in left_out else _number(each, numbers) for each in record.last_listed]
    if record.left_out is not None:
        source_rules.write_left_out(connection, source_id, record.left_out, now)
    if listed and poll.unchanged:
        judged = {decision.known.article_id for decision in record.decisions if decision.known}
        polls.note_without_media(
            connection, source_id, [each for each in listed if isinstance(each, int) and each not in judged]
        )
    _save_source(connection, record, listed)
    for pause in record.pauses:
        _postpone_host(connection, pause, poll.started, but=source_id)
    return {} if record.acts else new


def _number(report: int | str, new: Mapping[str, int]) -> int:
    return new[report] if isinstance(report, str) else report


def _save_entries(connection: Connection, record: PollRecord, now: datetime) -> dict[int, Article]:
    """Returns the new articles, by their numbers."""
    source_id = record.known.source_id
    new = polls.write_decisions(connection, source_id, record.decisions, now, is_newest_last=record.is_newest_last)
    if any(decision.pending_change for decision in record.decisions):
        pending.write(connection, source_id, record.decisions, now)
    if record.ended_pending_changes:
        pending.forget(connection, record.ended_pending_changes)
    if record.ended_pending_revisions:
        pending_revisions.forget(connection, source_id, record.ended_pending_revisions)
    if any(decision.pending_revision for decision in record.decisions):
        pending_revisions.write(connection, source_id, record.decisions, now)
    if record.backfill:
        kept_out = [(number,) for number, article in new if article.id in record.backfill]
        connection.executemany("UPDATE articles SET backfill = 1 WHERE article_id = ?", kept_out)
    polls.write_near_keys(connection, new)
    polls.write_merges(connection, source_id, record.decisions, to_iso(now))
    return dict(new)


def _save_poll(connection: Connection, record: PollRecord) -> None:
    poll = record.poll
    assert poll.next is not None
    row = {
        "source_id": record.known.source_id,
        "started": to_iso(poll.started),
        "seconds": round(poll.seconds, 3),
        "outcome": poll.outcome,
        "http_status": poll.http_status,
        "error": poll.error,
        "format": poll.format,
        "bytes": poll.body_bytes,
        "entries": poll.entries,
        "new": poll.new,
        "revised": poll.revised,
        "unchanged": poll.unchanged,
        "drops": json.dumps(poll.drops) if poll.drops else None,
        "adjusted": json.dumps(poll.adjusted) if poll.adjusted else None,
        "next_at": to_iso(poll.next.at),
        "next_reason": poll.next.reason,
        "overlap": poll.overlap,
        "gap": poll.gap,
        "pages": poll.pages,
        "pending": poll.pending,
        "over_limit": poll.over_limit,
    }
    names, places = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO polls ({names}) VALUES ({places})", tuple(row.values()))  # noqa: S608  (constants)


def _save_source(connection: Connection, record: PollRecord, listed: Sequence[int | str] | None) -> None:
    """What is remembered of the source: when and why it is polled next, what its server said, its ways."""
    poll, known = record.poll, record.known
    assert poll.next is not None
    after = record.habits or known.habits
    columns = {
        "next_at": to_iso(poll.next.at),
        "next_reason": poll.next.reason,
        "last_poll": to_iso(poll.started),
        **(_of_search(connection, poll.proposal, known.source_id) if poll.proposal else _of_answer(poll)),
        **habits.changed(known.habits, after),
    }
    if poll.over_limit:
        columns["over_limit_at"] = to_iso(poll.started)
    if record.unstable_polls is not None:
        columns["unstable"] = (
            json.dumps([to_iso(at) for at in record.unstable_polls]) if record.unstable_polls else None
        )
    if record.id_trust:
        columns["id_trust"], columns["id_trust_reason"] = record.id_trust
    if listed is not None:
        columns["last_listed"] = json.dumps(listed, separators=(",", ":"))
    connection.execute(
        f"""
        UPDATE sources SET {", ".join(f"{name} = ?" for name in columns)}, over_limit = over_limit + ?,
          id_conflicts = id_conflicts + ?, url = ?,
          old_url = CASE WHEN url = ? THEN old_url ELSE coalesce(old_url, url) END
        WHERE source_id = ?
        """,  # noqa: S608  (constants)
        (*columns.values(), poll.over_limit, record.id_conflicts, after.url, after.url, known.source_id),
    )
    source_rules.forget_document_of_other_rules(connection, known.source_id, poll.source.rules)


def _of_search(connection: Connection, proposal: Proposal, source_id: int) -> Mapping[str, Any]:
    """What was found is proposed. A search in vain leaves what was found before."""
    columns = {"last_error": None, "proposed": proposal.url, "proposed_as": proposal.carries}
    (before,) = connection.execute("SELECT proposed FROM sources WHERE source_id = ?", (source_id,)).fetchone()
    return columns if before == proposal.url else {**columns, "etag": None, "last_modified": None, "body_hash": None}


def _of_answer(poll: Poll) -> Mapping[str, Any]:
    """Where the fault is ours, it counts against nobody. Validators that may be at fault are forgotten."""
    columns: dict[str, Any] = {}
    if poll.outcome != "offline":
        columns["last_error"] = None if poll.is_answer else poll.error
    if poll.is_answer and poll.body_hash is not None:
        columns["body_hash"] = poll.body_hash
    if poll.is_answer and poll.new:
        columns["last_new"] = to_iso(poll.started)
    if poll.validators is not None and poll.outcome != "pending":
        now_valid = poll.validators if poll.is_answer else Validators()
        columns |= {"etag": now_valid.etag, "last_modified": now_valid.last_modified}
    return columns


def _postpone_host(connection: Connection, pause: Pause, now: datetime, *, but: int) -> None:
    """Postpones the next poll of every source at the registrable domain of a host, wherever it would come sooner, but
    for one source. None is the worse for it: no failure is counted. Within a transaction.
    """
    domain = domain_of_url(pause.url)
    rows = connection.execute(
        "SELECT source_id, url FROM sources WHERE enabled = 1 AND paused_at IS NULL AND source_id <> ? AND next_at < ?"
        " AND NOT (? = 1 AND next_reason = 'retry_after')",
        (but, to_iso(now + pause.lasts), pause.once),
    )
    others = [other for other, address in rows.fetchall() if domain and domain_of_url(address) == domain]
    connection.executemany(
        "UPDATE sources SET next_at = ?, next_reason = 'retry_after' WHERE source_id = ?",
        [(to_iso(now + pause.lasts * (1 + _SPREAD * (other % _STEPS) / _STEPS)), other) for other in others],
    )
