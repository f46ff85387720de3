"""When a message that was not acknowledged is sent again; pure.

The schedule is the example of Standard Webhooks 1.0: ten attempts within three days and three and a half hours.
"""

from __future__ import annotations

import random
from datetime import timedelta

# After the first failed attempt, the second, and so on.
PAUSES = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
LONGEST = PAUSES[-1]  # no server may keep a message waiting for longer between two attempts
_JITTER = 0.1  # so that receivers of one host do not all come back at once


def pause(attempts: int, asked: timedelta | None, chance: random.Random) -> timedelta | None:
    """How long to wait after this many failed attempts; None: that was the last one. `asked`: so long the server asks
    to wait (Retry-After), which may lengthen the pause and never shortens it.
    """
    if attempts > len(PAUSES):
        return None
    usual = PAUSES[attempts - 1]
    return max(usual * chance.uniform(1, 1 + _JITTER), min(asked or usual, LONGEST))
