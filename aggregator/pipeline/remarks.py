"""What a program that runs for long logs of its polls, beside a line for each."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from aggregator.model import Due, Poll

log = logging.getLogger("aggregator.run")


class Elsewhere:
    """Says of sources that another program polls, a `fetch`, that they are left to it: of each once, not at every
    tick.
    """

    def __init__(self) -> None:
        self._said: frozenset[str] = frozenset()

    def __call__(self, those: Sequence[Due]) -> None:
        names = frozenset(due.source.name for due in those)
        if names - self._said:
            log.info("%d sources are being polled by another program, and left to it", len(names))
        self._said = names


def warn(poll: Poll) -> None:
    """Of what waits for a person, and of a source that adds more than it may."""
    if poll.pending:
        log.warning("source=%s waiting=%d; `aggregator pending` shows what waits", poll.source.name, poll.pending)
    if poll.over_limit:
        log.warning("source=%s new=%d kept_out_of_latest=%d", poll.source.name, poll.new, poll.over_limit)
