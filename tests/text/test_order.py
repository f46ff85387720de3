"""order: which end of a document is its newest, as far as the dates of its entries say it."""

from __future__ import annotations

from datetime import timedelta

from aggregator.text.order import order_of
from tests.conftest import NOW
from tests.rows import every_row

HOUR = timedelta(hours=1)


@every_row(
    ("hours", "order"),
    [
        ([], None),
        ([3], None),
        ([3, 3], None),
        ([None, None], None),
        ([3, 2], "newest_first"),
        ([2, None, 3], "oldest_first"),
        ([9, 8, 8, 7, 6, 7, 5], "newest_first"),
        ([1, 9, 8], None),
        ([3, 1, 2], None),
    ],
)
def test_dates_say_which_end_is_the_newest(hours: list[int | None], order: str | None) -> None:
    assert order_of(None if hour is None else NOW + hour * HOUR for hour in hours) == order
