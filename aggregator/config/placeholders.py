"""Whether the wire still has the name that it came with: under that no one is asked but test servers. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from aggregator.model import Publisher, Wire
from aggregator.rights import fault

# Names that are nobody's (RFC 2606, RFC 6761), and those that no other network knows (RFC 6762, ICANN).
_RESERVED = re.compile(r"(?:.*\.)?(?:example|test|invalid|localhost|example\.(?:com|net|org))\.?")
_LOCAL = re.compile(r"(?:.*\.(?:local|internal|home\.arpa)|[^.]*)\.?")
_SHIPPED, _SHIPPED_HOST = "examplewire", "wire.example"
_ADDRESS = re.compile(r"https?://[^\s()<>;,]+")


def placeholders(wire: Wire, own: Mapping[str, Publisher]) -> Iterator[str]:
    """A fault for each key by which publishers and readers know the wire, and that is not its own yet: in wire.toml,
    and in the file of the wire's own publisher, `own` by the name of its file.
    """
    yield from _of_wire(wire)
    for name, publisher in own.items():
        yield from _of_own(name, publisher)


def _of_wire(wire: Wire) -> Iterator[str]:
    if is_shipped(wire.name):
        yield _fault("name", wire.name, "the name of your wire, which is shown beside its reports")
    if _is_reserved(_host(wire.url)):
        yield _fault("url", wire.url, "the address of your wire's own site")
    agents = addresses_in(wire.user_agent)
    if is_shipped(wire.user_agent) or any(_is_reserved(_host(url)) for url in agents):
        expected = "your own name and an address that says who you are: publishers read it in their logs"
        yield _fault("user_agent", wire.user_agent, expected)
    if is_shipped(wire.robots_token):
        yield _fault("robots_token", wire.robots_token, "the name of your own in user_agent, for robots.txt")
    if _is_reserved(_host(wire.complaints_url)):
        yield _fault("complaints_url", wire.complaints_url, "a page of your own, to which readers and publishers write")
    if _is_reserved(wire.complaints_email.rpartition("@")[2]):
        yield _fault("complaints_email", wire.complaints_email, "an address of your own, at which somebody reads")


def addresses_in(user_agent: str) -> list[str]:
    """The addresses that stand in the name under which the wire asks."""
    return _ADDRESS.findall(user_agent)


def _of_own(name: str, own: Publisher) -> Iterator[str]:
    def found(key: str, value: str, expected: str) -> str:
        return f"{name}: {fault(key, value, expected)}"

    if is_shipped(own.name):
        yield found("name", own.name, "the name of your wire, which is shown above its own reports")
    if _is_reserved(_host(own.homepage)):
        yield found("homepage", own.homepage, "the address of your wire's own site")
    for key in ("corrections", "permissions", "technical"):
        value = getattr(own.contact, key)
        if value and _is_reserved(_host(value) or value.rpartition("@")[2]):
            yield found(f"contact.{key}", value, "an address of your own; or leave this key out")


def forbid_polling(wire: Wire, publishers: Iterable[Publisher]) -> bool:
    """Whether placeholders do: a source that is switched on is on a host of the public network; or none is switched on,
    and the wire is the one that this program comes with.
    """
    polled = [source.url for publisher in publishers for source in publisher.sources if source.enabled]
    return any(map(is_real, polled)) if polled else _is_the_example(wire)


def _is_the_example(wire: Wire) -> bool:
    return any(map(is_shipped, (wire.name, wire.user_agent, wire.robots_token)))


def is_real(url: str) -> bool:
    """Whether an address is on a host of the public network: no reserved name, none of this or a private network."""
    host = _host(url)
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return not (_is_reserved(host) or _LOCAL.fullmatch(host))


def _is_reserved(host: str) -> bool:
    return _RESERVED.fullmatch(host.lower()) is not None


def is_shipped(text: str) -> bool:
    """Whether a name, an address or an e-mail address is the one that this program comes with."""
    host = _host(text) or text.rpartition("@")[2]
    return _SHIPPED in re.sub(r"[\W_]", "", text).casefold() or host.casefold() == _SHIPPED_HOST


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # what is no address is nobody's
        return ""


def _fault(key: str, found: str, expected: str) -> str:
    return f"wire.toml: {fault(key, found, expected)}"
