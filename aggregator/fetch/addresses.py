"""Which addresses the wire may connect to, and for whom the private ones are open.

The check is made on the address of the very socket that is about to connect, after every spelling and every DNS
answer has been resolved, so a name that resolves differently the second time gains nothing. IANA's registries of
special-purpose addresses (RFC 6890) say what is not public. Their entries are copied here, because Python's `ipaddress`
lacks those that are newer than its version. A NAT64 prefix other than the well-known one cannot be recognised.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import chain
from urllib.parse import urlsplit

from aggregator.fetch.metering import MeteredSocket
from aggregator.model import Publisher
from aggregator.model.errors import AddressRefused

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Hosts, in small letters, and ports that the operator wrote, for which `allow_addresses` holds.
Hosts = frozenset[tuple[str, int]]

NO_HOSTS: Hosts = frozenset()
_PORTS = {"http": 80, "https": 443}

# https://www.iana.org/assignments/iana-ipv4-special-registry/
_SPECIAL_IPV4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network (RFC 791)
            "10.0.0.0/8",  # private (RFC 1918)
            "100.64.0.0/10",  # shared by carriers (RFC 6598); Alibaba Cloud's metadata
            "127.0.0.0/8",  # loopback (RFC 1122)
            "169.254.0.0/16",  # link-local (RFC 3927); metadata of most clouds
            "172.16.0.0/12",  # private (RFC 1918)
            "192.0.0.0/24",  # protocol assignments (RFC 6890), those that may be reached too: none is a publisher
            "192.0.2.0/24",  # documentation (RFC 5737)
            "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
            "192.168.0.0/16",  # private (RFC 1918)
            "198.18.0.0/15",  # benchmarks (RFC 2544)
            "198.51.100.0/24",  # documentation (RFC 5737)
            "203.0.113.0/24",  # documentation (RFC 5737)
            "224.0.0.0/4",  # multicast (RFC 5771)
            "240.0.0.0/4",  # reserved, and broadcast (RFC 1112, RFC 8190)
            "168.63.129.16/32",  # in no registry: the platform's own services within Azure
        ),
    )
)
# All unicast that IANA has given out so far (https://www.iana.org/assignments/ipv6-address-space/). Outside it lie
# loopback, fc00::/7, fe80::/10, the former fec0::/10, 100::/64, 5f00::/16, and most forms that carry an IPv4 address.
_UNICAST = ipaddress.IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry/, as far as it lies within.
_SPECIAL_IPV6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments (RFC 2928), Teredo among them, those that may be reached too
            "2001:db8::/32",  # documentation (RFC 3849)
            "2002::/16",  # 6to4 (RFC 3056), which leads to any IPv4 address
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
# Translated to the IPv4 address in its last four bytes (RFC 6052), so an IPv6-only network reaches all of IPv4 by it.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# The interface identifier of ISATAP, with and without the bit for "globally unique" (RFC 5214 section 6.1).
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)


def socket_factory(blocks: Sequence[str], *, is_open: bool) -> Callable[..., socket.socket]:
    """A maker of sockets for an entry of getaddrinfo(), as aiohttp hands it over. For an address outside the public
    Internet it raises PermissionError, so that a host's next address is tried; but where `is_open` it makes those in
    `blocks`, CIDR blocks, too.
    """
    allowed = [ipaddress.ip_network(block, strict=False) for block in blocks]

    def make(info: tuple[int, int, int, str, tuple[str, int]]) -> socket.socket:
        family, kind, protocol, _, address = info
        try:
            refuse_private(address[0], allowed, is_open=is_open)
        except AddressRefused as error:
            raise PermissionError(errno.EACCES, str(error)) from error
        return MeteredSocket(family, kind, protocol)

    return make


def refuse_private(address: str, allowed: Sequence[Network], *, is_open: bool = True) -> None:
    """Raises AddressRefused unless the address is public or lies in a block that the operator allows, and the host that
    is asked is one for which it `is_open`.
    """
    ip = _unmapped(ipaddress.ip_address(address.split("%")[0]))
    if is_public(ip):
        return
    if not any(ip in block for block in allowed):
        raise AddressRefused(
            f"{ip} is not a public address; to reach it all the same, add its block to [fetch] allow_addresses"
        )
    if not is_open:
        raise AddressRefused(
            f"{ip} is not a public address, and [fetch] allow_addresses opens it only for hosts that are named in the "
            "publisher's own file, not for redirects and links to other hosts"
        )


def is_public(ip: IpAddress) -> bool:
    """Whether an address is one of the public Internet, and leads to no other where it carries one inside."""
    ip = _unmapped(ip)
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in block for block in _SPECIAL_IPV4)
    last = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    if ip in _NAT64:
        return is_public(last)
    if (int(ip) >> 32) & 0xFFFF_FFFF in _ISATAP and not is_public(last):
        return False
    return ip in _UNICAST and not any(ip in block for block in _SPECIAL_IPV6)


def _unmapped(ip: IpAddress) -> IpAddress:
    """`127.0.0.1` for `::ffff:127.0.0.1`, to which a socket connects just so (RFC 4291 section 2.5.5.2)."""
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip


# For whom private addresses are open


def written_by(publisher: Publisher | None) -> Hosts:
    """The hosts that the operator wrote into a publisher's file: of its sources, its homepage and `same_hosts`. They
    are open to this publisher alone: what another redirects to them is refused.
    """
    if publisher is None:
        return NO_HOSTS
    urls = (publisher.homepage, *(source.url for source in publisher.sources))
    return written_in(chain(urls, (f"http://{host}/" for host in publisher.identity.same_hosts)))


def written_in(urls: Iterable[str]) -> Hosts:
    """The hosts of addresses that the operator wrote, each with the port that stands there and with those of http and
    https: other services on the same machine are not meant.
    """
    places = filter(None, map(_place, urls))
    return frozenset((host, each) for host, port in places for each in (port, *_PORTS.values()))


def is_written(url: str, hosts: Hosts) -> bool:
    """Whether an address that is about to be asked is on one of these hosts."""
    return _place(url) in hosts


@lru_cache(10_000)
def _place(url: str) -> tuple[str, int] | None:
    """Host and port of an address; None for what is no address of http or https."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    try:
        return str(ipaddress.ip_address(host)), port
    except ValueError:
        return (host, port) if host else None
