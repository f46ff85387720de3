"""The columns of migration 0003: what polls learn of their sources."""

from __future__ import annotations

LEARNED = (
    # the first of the keys under which the source listed it; NULL: it was listed before this was kept
    "ALTER TABLE sightings ADD COLUMN key TEXT",
)
