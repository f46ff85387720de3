"""Looks names up, and keeps no more than a few of a name's addresses: each that fails costs time, and who answers for a
name may list thousands.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from itertools import chain, zip_longest

from aiohttp.abc import AbstractResolver, ResolveResult

MOST_ADDRESSES = 8  # of one name


class FirstAddresses(AbstractResolver):
    """Another resolver, of whose answers only the first few count."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return first(await self._resolver.resolve(host, port, family))

    async def close(self) -> None:
        await self._resolver.close()


def first(found: Sequence[ResolveResult]) -> list[ResolveResult]:
    """At most eight addresses, in the order of the system, of its families in turn (RFC 8305 section 4): a host without
    IPv6 must not lose all its tries to a name that lists many addresses of it.
    """
    if len(found) <= MOST_ADDRESSES:
        return list(found)
    families = dict.fromkeys(each["family"] for each in found)
    turns = zip_longest(*([each for each in found if each["family"] == family] for family in families))
    return [each for each in chain.from_iterable(turns) if each is not None][:MOST_ADDRESSES]
