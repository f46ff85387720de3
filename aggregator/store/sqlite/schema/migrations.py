"""The tables, as migrations that are only ever added to. What NULL means stands beside each column that may be it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from sqlite_utils import Database, Migrations

from aggregator.store.sqlite.schema import (
    m0001,
    m0002,
    m0003,
    m0003a,
    m0004,
    m0005,
    m0006,
    m0007,
    m0008,
    m0009,
    m0010,
    m0011,
    m0012,
    m0013,
    m0014,
    m0015,
    m0016,
    m0017,
    m0018,
    m0019,
    m0020,
    m0021,
    m0022,
    m0023,
    m0024,
    m0025,
    m0026,
    m0027,
    m0028,
    m0029,
    m0031,
    m0032,
    m0033,
    m0034,
    m0035,
    m0036,
    m0037,
    m0038,
    m0039,
    m0040,
    m0041,
    m0042,
    m0043,
    m0044,
    m0045,
    m0046,
    m0047,
)

migrations = Migrations("aggregator")


@migrations(name="0001_the_wire_runs")
def _the_wire_runs(db: Database) -> None:
    _execute(db, (*m0001.CONFIGURED, *m0001.HELD, *m0001.HAPPENED, *m0001.SEARCHED))


@migrations(name="0002_one_of_each")
def _one_of_each(db: Database) -> None:
    _execute(db, (*m0002.TRUSTED, *m0002.DESK))


@migrations(name="0003_the_poller")
def _the_poller(db: Database) -> None:
    _execute(db, m0003.LEARNED)


@migrations(name="0003a_what_it_lacked")
def _what_it_lacked(db: Database) -> None:
    m0003a.add_missing(db.conn)


@migrations(name="0004_addresses")
def _addresses(db: Database) -> None:
    _execute(db, m0004.LITERAL)


@migrations(name="0005_redirects")
def _redirects(db: Database) -> None:
    _execute(db, m0005.REDIRECTS)


@migrations(name="0006_fit_to_leave")
def _fit_to_leave(db: Database) -> None:
    _execute(db, m0006.COLUMNS)
    m0006.make_fit(db.conn)


@migrations(name="0007_the_ledger")
def _the_ledger(db: Database) -> None:
    _execute(db, m0007.MADE_ANEW)
    m0007.fill(db.conn)
    _execute(db, m0007.FILLED)


@migrations(name="0008_pending_changes")
def _pending_changes(db: Database) -> None:
    _execute(db, m0008.PENDING)


@migrations(name="0009_let_go")
def _let_go(db: Database) -> None:
    _execute(db, (*m0009.LET_GO, *m0009.SEARCHED))
    m0009.bury_in_digests(db.conn)


@migrations(name="0010_rights_in_force")
def _rights_in_force(db: Database) -> None:
    _execute(db, m0010.IN_FORCE)


@migrations(name="0011_time")
def _time(db: Database) -> None:
    _execute(db, m0011.TIME)


@migrations(name="0012_claims")
def _claims(db: Database) -> None:
    _execute(db, m0012.CLAIMS)


@migrations(name="0013_daily")
def _daily(db: Database) -> None:
    _execute(db, (*m0013.DAILY, *m0013.LISTED))


@migrations(name="0014_held_words")
def _held_words(db: Database) -> None:
    _execute(db, m0014.HELD)


@migrations(name="0015_trust")
def _trust(db: Database) -> None:
    _execute(db, m0015.TRUSTED_AGAIN)


@migrations(name="0016_plain_words")
def _plain_words(db: Database) -> None:
    m0016.rename(db.conn)
    _execute(db, (*m0016.WORDS, *m0016.BESIDE))


@migrations(name="0017_media")
def _media(db: Database) -> None:
    _execute(db, m0017.MEDIA)


@migrations(name="0018_old_names")
def _old_names(db: Database) -> None:
    m0018.drop(db.conn)


@migrations(name="0019_poll_days")
def _poll_days(db: Database) -> None:
    _execute(db, m0019.COUNTED)


@migrations(name="0020_excerpts")
def _excerpts(db: Database) -> None:
    m0020.let_excerpts_be_null(db.conn)


@migrations(name="0021_plans")
def _plans(db: Database) -> None:
    _execute(db, (*m0021.INDEXED, *m0021.SEARCHED))


@migrations(name="0022_kept")
def _kept(db: Database) -> None:
    m0022.name_the_file(db.conn)
    m0022.change_complaints(db.conn)


@migrations(name="0023_renamed_publishers")
def _renamed_publishers(db: Database) -> None:
    _execute(db, m0023.RENAMED)


@migrations(name="0024_notified")
def _notified(db: Database) -> None:
    _execute(db, m0024.NOTIFIED)


@migrations(name="0025_health")
def _health(db: Database) -> None:
    _execute(db, m0025.HEALTH)


@migrations(name="0026_cursors")
def _cursors(db: Database) -> None:
    _execute(db, (*m0026.CURSORS, *m0026.FORMER))


@migrations(name="0027_accents")
def _accents(db: Database) -> None:
    m0027.search_without_accents(db.conn)


@migrations(name="0028_joins")
def _joins(db: Database) -> None:
    _execute(db, (*m0028.JOINED, *m0028.COUNTED))


@migrations(name="0029_way_out")
def _way_out(db: Database) -> None:
    _execute(db, (*m0029.CONTACTS, *m0029.TAKEN_BACK))


@migrations(name="0031_tokens")
def _tokens(db: Database) -> None:
    _execute(db, m0031.TOKENS)


@migrations(name="0032_released")
def _released(db: Database) -> None:
    _execute(db, m0032.RELEASED)


@migrations(name="0033_signals")
def _signals(db: Database) -> None:
    _execute(db, m0033.SIGNALS)


@migrations(name="0034_subscribers")
def _subscribers(db: Database) -> None:
    _execute(db, m0034.SUBSCRIBERS)


@migrations(name="0035_searches")
def _searches(db: Database) -> None:
    _execute(db, (*m0035.SEARCHES, *m0035.TOLD, *m0035.EVENTS))


@migrations(name="0036_apps")
def _apps(db: Database) -> None:
    _execute(db, m0036.APPS)


@migrations(name="0037_chosen_by")
def _chosen_by(db: Database) -> None:
    _execute(db, m0037.CHOSEN_BY)


@migrations(name="0038_found")
def _found(db: Database) -> None:
    _execute(db, (*m0038.FOUND, *m0038.TOLD))


@migrations(name="0039_tags")
def _tags(db: Database) -> None:
    _execute(db, m0039.TAGGED)


@migrations(name="0040_pages")
def _pages(db: Database) -> None:
    _execute(db, m0040.PAGES)


@migrations(name="0041_who")
def _who(db: Database) -> None:
    _execute(db, m0041.WHO)


@migrations(name="0042_pictures")
def _pictures(db: Database) -> None:
    _execute(db, m0042.PICTURES)


@migrations(name="0043_purged_signals")
def _purged_signals(db: Database) -> None:
    _execute(db, m0043.PURGED)


@migrations(name="0044_taken")
def _taken(db: Database) -> None:
    _execute(db, m0044.TAKEN)


@migrations(name="0045_complaints")
def _complaints(db: Database) -> None:
    _execute(db, m0045.COMPLAINTS)


@migrations(name="0046_people")
def _people(db: Database) -> None:
    _execute(db, m0046.PEOPLE)


@migrations(name="0047_figures")
def _figures(db: Database) -> None:
    _execute(db, m0047.FIGURES)


def _execute(db: Database, statements: Iterable[str]) -> None:
    for statement in statements:
        db.execute(statement)


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the tables up to date."""
    migrations.apply(Database(connection, execute_plugins=False))
