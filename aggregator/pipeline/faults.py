"""Says in the log whom the faults in publishers', subscribers' and searches' files stop."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from aggregator.model import Config, Faulty
from aggregator.text.printable import escaped

log = logging.getLogger("aggregator.run")

_NAMED = 5  # publishers


def log_faults(config: Config) -> None:
    """Says whom the faults in publishers' and subscribers' files stop."""
    if config.faults:
        said = "not polled until their files are correct: %s; what is stored of them stays as it is; the faults:\n%s"
        log.error(said, names_of(config.faulty) or "nobody", "\n".join(map(escaped, config.faults)))
    if config.faulty_subscribers:
        said = "sent nothing until their files are correct: %s; what they are owed stays owed"
        log.error(said, names_of(config.faulty_subscribers))
    if config.faulty_searches:
        said = "no alerts until their files are correct, of what these searches find: %s; it stays owed"
        log.error(said, names_of(config.faulty_searches))


def names_of(faulty: Sequence[Faulty]) -> str:
    """The keys of these publishers, in one line."""
    keys = list(dict.fromkeys(each.key for each in faulty))
    more = f" and {len(keys) - _NAMED:,} more" if len(keys) > _NAMED else ""
    return escaped(", ".join(keys[:_NAMED])) + more
