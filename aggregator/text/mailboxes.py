"""What has the form of an e-mail address, and how servers take one."""

from __future__ import annotations

import re

from aggregator.text.urls import ascii_host, host_fault, is_host

_FORM = re.compile(r'[^@\s<>"{}]+@([^@\s<>"{}]+)')


def is_email(value: str) -> bool:
    """Whether a text has the form of an e-mail address at a host that has a name (RFC 5321 section 4.1.2)."""
    found = _FORM.fullmatch(value)
    return (
        found is not None
        and is_host(found[1])
        and not re.fullmatch(r"[\d.]+", found[1])
        and host_fault(f"https://{found[1]}/") is None
    )


def ascii_mailbox(email: str) -> str:
    """An address with its host in ASCII, as every server takes it (RFC 5891)."""
    local, _, host = email.rpartition("@")
    return f"{local}@{ascii_host(host)}"
