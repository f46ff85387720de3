"""How often somebody may do a thing: so many times at once, which come back evenly with time."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from starlette.requests import Request

from aggregator.web.guards import CLIENT
from aggregator.web.problems import Problem

_MOST_ADDRESSES = 10_000  # that are held at once
_IPV6_PREFIX = 64  # bits that one customer of a network has at least (RFC 6177)


@dataclass(slots=True)
class Bucket:
    """What is left of a number of times, and when that was so."""

    left: float
    at: datetime

    def take(self, now: datetime, most: float, a_second: float) -> int:
        """Counts one more, of `most` at once, of which `a_second` come back. Returns 0; or, where none is left, the
        whole seconds until there is one.
        """
        passed = max(0.0, (now - self.at).total_seconds())
        self.left, self.at = min(most, self.left + passed * a_second), now
        if self.left >= 1:
            self.left -= 1
            return 0
        return max(1, math.ceil((1 - self.left) / a_second))


@dataclass(slots=True)
class Limits:
    """How often each address may send a form: `most` times at once, which have all come back after `within`.

    Addresses are not kept: a bucket is found by a digest with a key that is this process's alone and is stored nowhere.
    It may be used by several threads; each process counts for itself.
    """

    most: int
    within: timedelta
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _buckets: OrderedDict[bytes, Bucket] = field(default_factory=OrderedDict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def count(self, request: Request, now: datetime) -> None:
        """Counts one more of whoever makes a request. Raises Problem (429), which names no address."""
        name = hmac.digest(self._key, _network(request.scope.get(CLIENT, "")).encode(), hashlib.sha256)
        with self._lock:
            bucket = self._buckets.setdefault(name, Bucket(self.most, now))
            self._buckets.move_to_end(name)
            wait = bucket.take(now, self.most, self.most / self.within.total_seconds())
            while len(self._buckets) > _MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        if wait:
            said = f"this form was sent too often from here; send it again in {wait} s"
            raise Problem(429, "too many requests", said, {"Retry-After": str(wait)})


def _network(address: str) -> str:
    """An address; of IPv6 the network that one customer has. What is no address is itself."""
    try:
        read = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(read, ipaddress.IPv6Address):
        if read.ipv4_mapped:
            return str(read.ipv4_mapped)
        return str(ipaddress.ip_network((read, _IPV6_PREFIX), strict=False))
    return str(read)
