"""Our own robots.txt: which readers that fetch for AI are shut out, by the strictest publisher; pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from aggregator.model.publisher import Use, Uses
from aggregator.rights.signal_forms import AI_TOKENS

_WHAT = {"train": "train models", "input": "answer questions", "search": "search by AI"}


def robots_txt(of_publishers: Iterable[Uses]) -> str:
    """The file for a server that publishes all of these. A use is barred where one publisher refuses it; training also
    where one does not allow it.
    """
    all_uses = tuple(of_publishers)
    parts = []
    for use in get_args(Use):
        states = {getattr(each, use) for each in all_uses}
        if "refused" in states or (use == "train" and "unstated" in states):
            parts.append(_barred(use))
    return "\n".join((*parts, "User-agent: *\nAllow: /\n"))


def _barred(use: Use) -> str:
    agents = "".join(f"User-agent: {token}\n" for token, of in AI_TOKENS.items() if of == use)
    return f"# Readers that {_WHAT[use]}: at least one publisher here does not allow it.\n{agents}Disallow: /\n"
