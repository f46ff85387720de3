"""Addresses that documents and servers write: where a link leads, and what of it may be asked, stored and shown.

Whatever came over the network is plain text here. A template is another type (`types.Template`), made of the operator's
own files alone.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, unquote, urljoin

# RFC 3986 has no place for these; of what lies beyond ASCII only what can be printed is kept (RFC 3987).
_FOREIGN = re.compile(r'[^\x21-\x7e]|["<>\\^`{|}]')
# Also where the slashes are missing or backslashes, as browsers read it (https://url.spec.whatwg.org/).
_USER = re.compile(r"^(https?:(?:[/\\]|%5C)*|[^/?#]*//)[^/?#]*@", re.IGNORECASE)
_LONGEST_HOST = 253  # RFC 1035 section 2.3.4, without the length octets
# A name's last label is never a number (RFC 3696 section 2), so whatever ends in one is meant for an IPv4 address.
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
# Underscores are in no host name by RFC 1123 section 2.1, and in many by custom.
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")


def resolved(base: str, href: str) -> str:
    """The address in full. One that is in full, or is none at all, such as one with a bracket in its host's place, is
    kept as it was said.
    """
    if href.startswith(("http://", "https://")):
        return href
    try:
        return urljoin(base, href)
    except ValueError:
        return href


_HAS_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d+(?:[/?#]|$))")  # `host:8080/` has none
_HOST = re.compile(r"[^\s/?#:@]+\.[^\s/?#:@.]+(?::\d+)?(?=[/?#]|$)")


def as_http(address: str) -> str:
    """An address as programs and people write it, in full: `feed:` in all its forms is http, and so is what begins with
    a host. Whatever else is kept as it was said.
    """
    address = address.strip()
    if address[:5].lower() == "feed:":
        address = address[5:]
        if not _HAS_SCHEME.match(address):
            address = address if address.startswith("//") else f"//{address}"
    if address.startswith("//"):
        return f"http:{address}"
    return f"http://{address}" if not _HAS_SCHEME.match(address) and _HOST.match(address) else address


def literal(url: str) -> str:
    """An address that somebody else wrote, as it may be asked, stored, shown and written into a file: without user name
    and password, and with whatever RFC 3986 section 2 has no place for percent-encoded. That includes braces, so that
    nobody can take it for a template: `${NAME}` becomes `$%7BNAME%7D`, the same address. Never raises.
    """
    return without_user(_FOREIGN.sub(_encoded, url.strip()))


def without_user(url: str) -> str:
    """The address without the user name and password before its host: a document has none that we may send or show."""
    return _USER.sub(r"\1", url)


def _encoded(found: re.Match[str]) -> str:
    character = found[0]
    is_kept = not character.isascii() and character.isprintable() and not character.isspace()
    return character if is_kept else quote(character, errors="replace")


def is_host(host: str) -> bool:
    """Whether a host, as `urlsplit` gives it, is valid: an IP address as RFC 3986 section 3.2.2 writes it, or a name
    of labels of 1 to 63 characters, which may lie beyond ASCII. `457.0.0.45` is neither, and `127.1` is ambiguous.
    """
    if ":" in host:
        return _is_ip(host)
    if len(host) > 10 * _LONGEST_HOST:  # percent-encoded, or beyond ASCII
        return False
    try:
        name = unquote(host, errors="strict").removesuffix(".").encode("idna").decode()
    except UnicodeError:  # a label that is empty or too long, or what no name can hold
        return False
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _is_ip(host)
    return len(name) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, labels))


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
