"""When a picture that could not be had is tried again; pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.model.picture import DuePicture, PictureFailure

# After each failure so long is waited; after the last one it is given up.
STEPS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3))
NO_ROOM = timedelta(minutes=10)  # until it is tried again, where the disk is full
_LONGEST = timedelta(days=7)  # that a server may ask to be left alone for


def after_failure(
    picture: DuePicture, error: str, now: datetime, retry_after: timedelta | datetime | None = None
) -> PictureFailure:
    """What becomes of a picture that could not be fetched."""
    if picture.attempts >= len(STEPS):
        return PictureFailure(state="failed", error=error, next_at=None)
    next_at = now + STEPS[picture.attempts]
    if retry_after is not None:
        asked = now + retry_after if isinstance(retry_after, timedelta) else retry_after
        next_at = max(next_at, min(asked, now + _LONGEST))
    return PictureFailure(state="waiting", error=error, next_at=next_at)


def pause(now: datetime, retry_after: timedelta | datetime | None) -> timedelta:
    """For how long a busy host is left alone."""
    if isinstance(retry_after, datetime):
        retry_after = retry_after - now
    return min(max(retry_after or timedelta(minutes=1), timedelta(minutes=1)), _LONGEST)
