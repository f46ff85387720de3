"""Marks sentences of the interface, which are English in the code, for the catalogues in locales/."""

from __future__ import annotations


def N_(message: str) -> str:
    """The same: it marks a message that is translated where it is shown."""
    return message
