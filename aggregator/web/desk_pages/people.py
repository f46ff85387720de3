"""Who is at the desk: signing in by a token or by the word of a trusted proxy, sessions, and what forms carry.

A session is 32 random bytes in a cookie, of which the database has the digest, so that any number of servers know it
and it ends with the token. What a form carries against requests of other sites is made of these bytes, and is another
one on every page, so that no page that is compressed gives it away.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from datetime import datetime, timedelta

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from aggregator.model import DeskPerson, DeskSession, Wire
from aggregator.store import Store
from aggregator.web.pages.wording import N_
from aggregator.web.problems import Problem

LASTS = timedelta(hours=12)
_BYTES = 32
_LONGEST = 200  # characters of a token or a name
_NONCE = 16  # hexadecimal digits


class SignedIn(Struct, frozen=True):
    """A person whose browser sent a session that is in force. `secret`: what the cookie holds."""

    person: DeskPerson
    secret: str

    def form_token(self) -> str:
        """What a form of a page carries."""
        return _form_token(self.secret, secrets.token_hex(_NONCE // 2))

    def is_form_token(self, said: str) -> bool:
        return hmac.compare_digest(said.encode(), _form_token(self.secret, said[:_NONCE]).encode())

    def signature(self, words: str) -> str:
        """Of words that this server itself put into an address, so that no link puts others there."""
        return hmac.digest(self.secret.encode(), f"said {words}".encode(), hashlib.sha256).hex()[:32]

    def is_signed(self, words: str, said: str) -> bool:
        return hmac.compare_digest(said.encode(), self.signature(words).encode())


def _form_token(secret: str, nonce: str) -> str:
    return nonce + hmac.digest(secret.encode(), f"form {nonce}".encode(), hashlib.sha256).hex()


def cookie_name(wire: Wire) -> str:
    """With a prefix for which browsers take it by HTTPS alone. (`__Host-` would send it with readers' pages.)"""
    return "__Secure-desk" if _is_https(wire) else "desk"


def _is_https(wire: Wire) -> bool:
    return wire.url.lower().startswith("https:")


def needs_https(request: Request, wire: Wire) -> str | None:
    """The address of the desk by https, for a browser that may lose the session here; None: it keeps it. Browsers send
    `Sec-Fetch-Site` by https alone, and to this machine, where they keep such a cookie too (Fetch Metadata, 2.1).
    """
    if not _is_https(wire) or "sec-fetch-site" in request.headers:
        return None
    return f"{wire.url.rstrip('/')}/desk"


def signed_in(request: Request, wire: Wire, store: Store, now: datetime) -> SignedIn | None:
    """Who sent a request; None: nobody who is signed in. Raises Problem where a proxy names nobody clearly."""
    secret = request.cookies.get(cookie_name(wire), "")
    session = store.desk_session(digest(secret), now) if 0 < len(secret) <= _LONGEST else None
    if session is None or not _agrees(session, named_by_proxy(request, wire)):
        return None
    return SignedIn(session.person, secret)


def _agrees(session: DeskSession, named: str | None) -> bool:
    """Whether what a proxy says of this request is what the session is of."""
    return not session.is_by_proxy if named is None else session.person.name == named


def named_by_proxy(request: Request, wire: Wire) -> str | None:
    """Whom a trusted proxy says that it let through; None: it says nothing, or the request came from elsewhere. Raises
    Problem where it says two things.
    """
    header = wire.desk.user_header
    if header is None or not _is_proxy(request, wire):
        return None
    said = request.headers.getlist(header)
    if len(said) > 1:
        raise Problem(403, N_("it is not clear who asks"), f"the field {header} was sent more than once")
    return said[0].strip() or None if said else None


def _is_proxy(request: Request, wire: Wire) -> bool:
    """By the address that the connection itself comes from, whatever is said of others."""
    try:
        peer = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return False
    return any(peer in ipaddress.ip_network(each) for each in wire.serve.trusted_proxies)


def by_token(store: Store, name: str, token: str) -> tuple[str, DeskPerson] | None:
    """The hash of a token, and whose it is; None: it is none of this person's. Each is compared, in the same time
    whichever it is.
    """
    given, found = digest(token), None
    for token_hash, person in store.desk_people():
        is_it = hmac.compare_digest(token_hash, given)
        if is_it and hmac.compare_digest(person.name.encode(), name.encode("utf-8", "surrogateescape")):
            found = token_hash, person
    return found


def by_proxy(store: Store, named: str) -> tuple[str, DeskPerson] | None:
    """The same of whom a proxy names; None: who has no right at the desk."""
    return next(((token_hash, person) for token_hash, person in store.desk_people() if person.name == named), None)


def begin(store: Store, token_hash: str, now: datetime, *, is_by_proxy: bool) -> str | None:
    """Signs a person in: what the cookie is to hold; None: the token was revoked meanwhile."""
    secret = secrets.token_urlsafe(_BYTES)
    is_done = store.begin_desk_session(digest(secret), token_hash, now, now + LASTS, is_by_proxy=is_by_proxy)
    return secret if is_done else None


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def set_cookie(response: Response, wire: Wire, secret: str | None) -> None:
    """None: takes it away."""
    response.set_cookie(
        cookie_name(wire), secret or "", max_age=int(LASTS.total_seconds()) if secret else 0,
        path="/desk", secure=_is_https(wire), httponly=True, samesite="strict",
    )  # fmt: skip
