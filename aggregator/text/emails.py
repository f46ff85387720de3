"""What is an e-mail address."""

from __future__ import annotations

import re

from aggregator.text.urls import host_fault, is_host


def is_email(value: str) -> bool:
    """Whether a text has the form of an e-mail address at a host that has a name (RFC 5321 section 4.1.2)."""
    found = re.fullmatch(r'[^@\s<>"{}]+@([^@\s<>"{}]+)', value)
    return found is not None and is_host(found[1]) and not re.fullmatch(r"[\d.]+", found[1]) and host_fault(
        f"https://{found[1]}/"
    ) is None  # fmt: skip
