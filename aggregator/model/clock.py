"""What is remembered of the machine's clock, and the bounds by which it is judged."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

FAR = timedelta(days=1)  # ahead of all rows: such a clock needs a second look
# Between two looks. Housekeeping comes every ten minutes, and its second one is to be late enough.
AGREED_AFTER = timedelta(minutes=9)
NOTICED = timedelta(minutes=1)  # a clock that is set by less is not worth a word


class ClockLooks(Struct, frozen=True, kw_only=True):
    """What is remembered of looks at the clock; None: there was none."""

    newest: datetime | None = None  # the newest time in the database: of a poll, or of a look that was believed
    last: datetime | None = None  # that was believed, to the hour
    apart: timedelta = timedelta()  # how far the clock was ahead of the newest row then: a day, where cron polls daily
    first: datetime | None = None  # the first look that was not believed
    before: datetime | None = None  # the newest row then
