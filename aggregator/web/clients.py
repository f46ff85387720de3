"""Who asks: a client with a token, or anybody; what may leave for it, and how often it may ask."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from threading import Lock

from msgspec import Struct, field
from starlette.requests import Request

from aggregator.model import Channel, Client
from aggregator.store import Store
from aggregator.web.limits import Bucket
from aggregator.web.problems import Problem

_REALM = 'Bearer realm="wire"'
_LONGEST = 200  # characters of a token


class Asker(Struct, frozen=True):
    """Whom an answer is for. `client` None: anybody."""

    channel: Channel
    client: Client | None

    @property
    def is_operator(self) -> bool:
        """Whether it may see how the wire itself is doing."""
        return self.client is not None and "api" in self.client.channels


class Clients(Struct):
    """Those who have asked of late. It may be used by several threads; each process counts for itself."""

    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, request: Request, store: Store, now: datetime, wanted: str | None) -> Asker:
        """Who makes a request, and by which channel; `wanted`: the one it names. Raises Problem: 401, 403 or 429."""
        said = request.headers.getlist("authorization")
        if not said:
            if wanted not in (None, "web"):
                raise _unknown(f"the channel {wanted} needs a token", None)
            return Asker("web", None)
        _, client = _client(said, store)
        self._count(client, now)
        channel = next((each for each in client.channels if each == (wanted or usual_channel(client))), None)
        if channel is None:
            names = ", ".join(client.channels)
            raise Problem(403, "the token does not give this channel", f"it gives {names}, and not {wanted}")
        return Asker(channel, client)

    def of_token(self, token: str, name: str | None, store: Store, now: datetime) -> tuple[str, Client]:
        """Whose token it is, with its hash; `name`: that of the client, where it is said too. Raises Problem: 401 or
        429.
        """
        found = _known(token, store)
        if found is None or (name is not None and name != found[1].name):
            raise _unknown("this name and token are not known, or the token was revoked", "invalid_token")
        self._count(found[1], now)
        return found

    def _count(self, client: Client, now: datetime) -> None:
        with self._lock:
            bucket = self._buckets.setdefault(client.name, Bucket(client.rate, now))
            wait = bucket.take(now, client.rate, client.rate / 60)
        if not wait:
            return
        said = f"this token may make {client.rate:,} requests a minute; ask again in {wait} s"
        raise Problem(429, "too many requests", said, {"Retry-After": str(wait)})


def usual_channel(client: Client) -> Channel:
    """By which reports leave for it where it names none."""
    return "api" if "api" in client.channels else client.channels[0]


def _client(said: list[str], store: Store) -> tuple[str, Client]:
    """Whose token it is, with its hash. Raises Problem."""
    scheme, _, token = said[0].partition(" ")
    token = token.strip()
    if len(said) > 1 or scheme.lower() != "bearer" or not token or len(token) > _LONGEST:
        raise _unknown("send `Authorization: Bearer TOKEN`, once", "invalid_request")
    if (found := _known(token, store)) is None:
        raise _unknown("this token is not known, or was revoked", "invalid_token")
    return found


def _known(token: str, store: Store) -> tuple[str, Client] | None:
    """The hash of a token, and whose it is: every hash is compared, in the same time whichever it is."""
    if not token or len(token) > _LONGEST:
        return None
    digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
    found = None
    for token_hash, client in store.tokens_in_force():
        if hmac.compare_digest(token_hash, digest):
            found = token_hash, client
    return found


def _unknown(detail: str, error: str | None) -> Problem:
    challenge = f'{_REALM}, error="{error}"' if error else _REALM
    return Problem(401, "a token is needed", detail, {"WWW-Authenticate": challenge})


def need_operator(asker: Asker) -> None:
    """Raises Problem where somebody asks for what is the operator's."""
    if asker.client is None:
        raise _unknown("how the wire is doing is told to tokens with the channel api", None)
    if not asker.is_operator:
        raise Problem(
            403, "the token does not give this", "how the wire is doing is told to tokens with the channel api"
        )
