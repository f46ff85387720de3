"""The columns of migration 0003: what polls learn of their sources."""

from __future__ import annotations

LEARNED = (
    # the first of the keys under which the source listed it; NULL: it was listed before this was kept
    "ALTER TABLE sightings ADD COLUMN key TEXT",
    "ALTER TABLE sources ADD COLUMN hints TEXT",  # JSON: what its document says about coming back; NULL: nothing
    "ALTER TABLE sources ADD COLUMN old_url TEXT",  # as config/ has it, where `url` moved on; NULL: `url` is config's
    "ALTER TABLE sources ADD COLUMN moved_to TEXT",  # where it redirects for good; NULL: nowhere
    "ALTER TABLE sources ADD COLUMN moved_since TEXT",  # since when, at every answer; NULL: nowhere
    "ALTER TABLE sources ADD COLUMN paused_at TEXT",  # it said 410, and waits for a person; NULL: it is polled
    "ALTER TABLE sources ADD COLUMN conditional INTEGER NOT NULL DEFAULT 0",  # polls in a row that sent validators
    "ALTER TABLE sources ADD COLUMN unmodified_since TEXT",  # the first 304 in a row; NULL: the last answer was none
    "ALTER TABLE sources ADD COLUMN validators_lied TEXT",  # how they did, so none are sent; NULL: they are trusted
    "ALTER TABLE sources ADD COLUMN rhythm TEXT",  # when it publishes, see aggregator/rhythm.py; NULL: not learnt yet
    "ALTER TABLE sources ADD COLUMN last_new TEXT",  # when it last brought something new; NULL: never
    "ALTER TABLE sources ADD COLUMN silent_after TEXT",  # silence after this is suspicious; NULL: not known
    "ALTER TABLE sources ADD COLUMN proposed TEXT",  # kind discover: the door that was found; NULL: none yet
    "ALTER TABLE sources ADD COLUMN proposed_as TEXT",  # what it carries, for people; NULL: none was found yet
    # entries that the source had listed before; NULL: there was nothing to compare, or no document was read
    "ALTER TABLE polls ADD COLUMN overlap INTEGER",
    # open: the document does not reach back to the last one, so items may be lost; closed: older pages did; NULL: none
    "ALTER TABLE polls ADD COLUMN gap TEXT",
    "ALTER TABLE polls ADD COLUMN pages INTEGER NOT NULL DEFAULT 0",  # older pages read to close a gap
    "CREATE INDEX polls_with_gap ON polls (source, started) WHERE gap IS NOT NULL",
)
