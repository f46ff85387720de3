"""What must not reach a terminal or a line of a log as it is, made visible; see `text.printable` for the rule.

It stands here because the messages of errors need it.
"""

from __future__ import annotations

import re

_INVISIBLE = "\u202a-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
UNFIT = re.compile(f"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029{_INVISIBLE}\ud800-\udfff]")  # a newline is for the caller


def escaped(value: str, most: int | None = None) -> str:
    r"""One line in which everything unfit can be seen, such as \n or \u202e: for names of files, and for messages that
    quote a document. `most`: characters, after which it is cut.
    """
    if most is not None and len(value) > most:
        value = value[: most - 1] + "…"
    return UNFIT.sub(_visible, value).replace("\n", r"\n")


def _visible(found: re.Match[str]) -> str:
    return code_point(found[0]) if found[0] not in "\t\r" else {"\t": r"\t", "\r": r"\r"}[found[0]]


def code_point(character: str) -> str:
    """A character by its number, as JSON writes it."""
    return f"\\u{ord(character):04x}"
