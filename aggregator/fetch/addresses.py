"""Which addresses the wire may connect to; it alone knows the forbidden blocks.

The check is made on the address of the very socket that is about to connect, after every spelling and every DNS
answer has been resolved, so a name that resolves differently the second time gains nothing.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Sequence

from aggregator.errors import AddressRefused

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Shared address space of carriers (RFC 6598), and IPv6 forms that carry an IPv4 address inside: 6to4, Teredo, NAT64.
_ALSO_FORBIDDEN = tuple(map(ipaddress.ip_network, ("100.64.0.0/10", "2002::/16", "2001::/32", "64:ff9b::/96")))


def socket_factory(allowed: Sequence[str]) -> Callable[..., socket.socket]:
    """A maker of sockets for an entry of getaddrinfo(), as aiohttp hands it over. For an address outside the public
    Internet and `allowed`, a list of CIDR blocks, it raises PermissionError, so that a host's next address is tried.
    """
    blocks = [ipaddress.ip_network(block, strict=False) for block in allowed]

    def make(info: tuple[int, int, int, str, tuple[str, int]]) -> socket.socket:
        family, kind, protocol, _, address = info
        try:
            refuse_private(address[0], blocks)
        except AddressRefused as error:
            raise PermissionError(errno.EACCES, str(error)) from error
        return socket.socket(family, kind, protocol)

    return make


def refuse_private(address: str, allowed: Sequence[Network]) -> None:
    """Raises AddressRefused unless the address is public or lies in a block that the operator allows."""
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if any(ip in block for block in allowed):
        return
    if not ip.is_global or ip.is_multicast or any(ip in block for block in _ALSO_FORBIDDEN):
        raise AddressRefused(
            f"{ip} is not a public address; to reach it all the same, add its block to [fetch] allow_addresses"
        )
