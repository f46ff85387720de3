"""Whether the wire still has the name that it came with: under that nobody is asked but test servers. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from aggregator.model import Publisher, Wire
from aggregator.rights import fault

# Names that are nobody's (RFC 2606, RFC 6761), and those that no other network knows (RFC 6762, ICANN).
_RESERVED = re.compile(r"(?:.*\.)?(?:example|test|invalid|localhost|example\.(?:com|net|org))\.?")
_LOCAL = re.compile(r"(?:.*\.(?:local|internal|home\.arpa)|[^.]*)\.?")
_SHIPPED = "ExampleWire"
_ADDRESS = re.compile(r"https?://[^\s()<>;,]+")


def placeholders(wire: Wire) -> Iterator[str]:
    """A fault for each key of wire.toml by which publishers and readers know the wire, and that is not its own yet."""
    if _is_shipped(wire.name):
        yield _fault("name", wire.name, "the name of your wire, which stands beside its reports")
    if _is_reserved(_host(wire.url)):
        yield _fault("url", wire.url, "the address of your wire's own site")
    agents = addresses_in(wire.user_agent)
    if _is_shipped(wire.user_agent) or any(_is_reserved(_host(url)) for url in agents):
        expected = "your own name and an address that says who you are: publishers read it in their logs"
        yield _fault("user_agent", wire.user_agent, expected)
    if _is_shipped(wire.robots_token):
        yield _fault("robots_token", wire.robots_token, "the name of your own in user_agent, for robots.txt")
    if _is_reserved(_host(wire.complaints_url)):
        yield _fault("complaints_url", wire.complaints_url, "a page of your own, to which readers and publishers write")
    if _is_reserved(wire.complaints_email.rpartition("@")[2]):
        yield _fault("complaints_email", wire.complaints_email, "an address of your own, at which somebody reads")


def addresses_in(user_agent: str) -> list[str]:
    """The addresses that stand in the name under which the wire asks."""
    return _ADDRESS.findall(user_agent)


def ask_real_sites(publishers: Iterable[Publisher]) -> bool:
    """Whether a source that is switched on is on a host of the public network."""
    return any(source.enabled and is_real(source.url) for publisher in publishers for source in publisher.sources)


def is_real(url: str) -> bool:
    """Whether an address is on a host of the public network: no reserved name, none of this or a private network."""
    host = _host(url)
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return not (_is_reserved(host) or _LOCAL.fullmatch(host))


def _is_reserved(host: str) -> bool:
    return _RESERVED.fullmatch(host.lower()) is not None


def _is_shipped(text: str) -> bool:
    return _SHIPPED.casefold() in text.replace(" ", "").casefold()


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # what is no address is nobody's
        return ""


def _fault(key: str, found: str, expected: str) -> str:
    return f"wire.toml: {fault(key, found, expected)}"
