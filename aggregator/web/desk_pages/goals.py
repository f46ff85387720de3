"""To which paths of the desk one may be led."""

from __future__ import annotations

import re
from collections.abc import Collection

HOME = "/desk"
_LONGEST = 500  # characters of a path
# No slash twice, no backslash and no dot beside a slash, which browsers read as other paths.
_PATH = re.compile(r"/desk(?:/[A-Za-z0-9_@%:-][A-Za-z0-9._@%:~-]*)*(?:\?[A-Za-z0-9._~%:@&=+/-]*)?")
_NO_GOAL = ("/desk/login", "/desk/logout")


def goal(said: str, others: Collection[str] = _NO_GOAL) -> str:
    """A path of the desk to which one may be led, as it was asked for; else that of the desk's first page."""
    is_one = len(said) <= _LONGEST and _PATH.fullmatch(said) and said.partition("?")[0] not in others
    return said if is_one else HOME
