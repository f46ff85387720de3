"""A picture of which the wire has a copy of its own: the nouns of docs/pictures.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

# waiting: to be fetched, also again after a failure. failed: tried for the last time. no_picture: what came
# is broken, too large, or of a format that is not read. too_small: a pixel or an icon. over_limit: taken away for room.
PictureState = Literal["waiting", "copied", "failed", "no_picture", "too_small", "over_limit"]


class PictureSize(Struct, frozen=True, kw_only=True):
    """One file of a copy; pixels."""

    width: int
    height: int


class PictureCopy(Struct, frozen=True, kw_only=True):
    """A copy as it is stored. Its files are JPEG."""

    digest: str  # SHA-256 of the bytes that were received, hexadecimal
    sizes: tuple[PictureSize, ...]  # the smallest first


class EncodedPicture(Struct, frozen=True, kw_only=True):
    """What was made of the bytes of a picture; without sizes it is too small to be one."""

    digest: str
    files: tuple[tuple[PictureSize, bytes], ...]  # JPEG, the smallest first


class DuePicture(Struct, frozen=True, kw_only=True):
    """A picture whose time to be fetched has come."""

    publisher: str
    url: str
    attempts: int  # that failed


class FetchedPicture(Struct, frozen=True, kw_only=True):
    """What a server answered for a picture."""

    http_status: int
    url: str  # where it was in the end
    body: bytes  # empty unless the status is 200
    retry_after: timedelta | datetime | None


class PictureFailure(Struct, frozen=True, kw_only=True):
    """Why there is no copy, and when it is tried again."""

    state: PictureState
    error: str  # a sentence for people; '': there is nothing to say
    next_at: datetime | None  # None: never


class CopiesWanted(Struct, frozen=True, kw_only=True):
    """Of which pictures a report may show copies. Addresses as they stand in its media."""

    article_id: int
    publisher: str
    urls: tuple[str, ...]


class PictureCounts(Struct, frozen=True, kw_only=True):
    """What `health` says of the copies."""

    copied: int
    waiting: int
    failed: int  # given up
    bytes: int  # that the files take
