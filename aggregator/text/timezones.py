"""Time zones by their names in the IANA database, from the system or from the package tzdata where it has none."""

from __future__ import annotations

import os
import re
import zoneinfo
from datetime import UTC, tzinfo

# What RFC 6557 and the database's own file "theory" let a name consist of; it is a path below the database's folder.
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")


def timezone(name: str) -> tzinfo:
    """The time zone of this name, such as Africa/Bamako. Raises ValueError for any other text."""
    if name == "UTC":  # also where there is no database
        return UTC
    try:
        if _NAME.fullmatch(name) and len(name) <= 64:
            return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):  # no zone, or a folder of zones
        pass
    raise ValueError(f"{name!r} is no time zone of the IANA database")


def is_known(name: str) -> bool:
    """Whether `timezone` has one of this name."""
    try:
        timezone(name)
    except ValueError:
        return False
    return True


def of_this_machine() -> str:
    """The name of the time zone that the operating system is set to, as far as its files say it; else UTC."""
    named = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    return named if is_known(named) else "UTC"


def names() -> frozenset[str]:
    """All of them. Takes some milliseconds: it reads many files."""
    return frozenset(zoneinfo.available_timezones())
