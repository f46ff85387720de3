"""Fills secrets into a request for as long as it lasts, and keeps them out of whatever comes of it.

A template such as `https://user.example/feed?token=${DAILY_TOKEN}` is what is stored and shown. It alone knows how one
is filled in, and how a secret is found again in what a server says. Only a `Template` is filled in: an address that a
document or a server wrote is a `str`, and is taken literally, `${NAME}` and all.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from html import escape
from typing import Self
from urllib.parse import quote, urlsplit

from msgspec import Struct
from msgspec.structs import replace

from aggregator.model import Access, Credentials, FetchResult, Source, Template, Validators
from aggregator.model.errors import FetchError, RedirectRefused
from aggregator.text.urls import literal

_PLACEHOLDER = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
_SENDABLE = re.compile(r"[\x21-\x7e]+")  # in a field of HTTP without being quoted
# A shorter secret would be found in a publisher's own words, which must stay as they came.
_SHORTEST_IN_WORDS = 8
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Opened(Struct, frozen=True):
    """An address and the field Authorization with their secrets filled in, and what each is called in messages."""

    url: str
    home: str | None = None  # the address in the operator's file, whose origin alone gets secrets; None: there are none
    authorization: str | None = None
    hidden: tuple[tuple[str, str], ...] = ()  # each secret and its name in messages; the longest first
    in_words: frozenset[str] = frozenset()  # the secrets that a document must not repeat

    def __repr__(self) -> str:  # without the secrets that are not in the address
        return f"Opened(url={self.url!r}, home={self.home!r})"

    @classmethod
    def of_source(cls, source: Source, environment: Mapping[str, str]) -> Self:
        """The address in the operator's file, filled in; or else, where the source has moved, the one that a server
        named, as it stands. Raises FetchError where a variable is not set or cannot be sent; it names the variable and
        the template.
        """
        access = source.access
        if access is None:
            return cls(source.url)
        moved = None if source.url == access.url.text else source.url
        return cls._of(access.url, access.credentials, moved, environment)

    @classmethod
    def of_link(cls, url: str, access: Access | None, environment: Mapping[str, str]) -> Self:
        """An address that a document or a server wrote, as it stands. `access` is that of the private source whose
        document it was; its credentials go along only where the file's own origin is asked. Raises as `of_source`.
        """
        if access is None:
            return cls(literal(url))
        return cls._of(access.url, access.credentials, literal(url), environment)

    @classmethod
    def of_template(cls, url: Template, environment: Mapping[str, str]) -> Self:
        """An address in the operator's file, filled in. Raises as `of_source`."""
        return cls._of(url, None, None, environment)

    @classmethod
    def _of(
        cls, home: Template, credentials: Credentials | None, url: str | None, environment: Mapping[str, str]
    ) -> Self:
        """`url` None: the address in the file, which is `home`."""
        filler = _Filler(home, environment)
        filled = filler.address()
        authorization = _authorization(credentials, filler) if credentials else None
        hidden = tuple(sorted(filler.hidden.items(), key=lambda pair: -len(pair[0])))
        return cls(url or filled, home.text, authorization, hidden, frozenset(filler.in_words))

    def fields_for(self, url: str) -> dict[str, str]:
        """The fields that may be sent to this address: none to another scheme, host or port than the file names."""
        return {"Authorization": self.authorization} if self.authorization and self.is_ours(url) else {}

    def is_ours(self, url: str) -> bool:
        """Whether an address has the origin that the operator's file names (RFC 6454 section 4)."""
        return _origin(url) == _origin(self.home or self.url)

    def may_move_to(self, url: str) -> bool:
        """Whether a source may be asked at this address from now on, without a person. A private one stays within its
        origin, and where the address has a secret it does not move at all: what is stored is never filled in.
        """
        return self.home is None or (self.is_ours(url) and self.shown(url) == url)

    def follow(self, url: str) -> None:
        """Raises RedirectRefused for an address of another origin that repeats a secret."""
        if not self.is_ours(url) and self.redacted(url) != url:
            raise RedirectRefused(f"redirected to another site with a secret of ours: {url}")

    def redacted(self, text: str) -> str:
        """The text with `${NAME}` for each secret, in whatever way it is quoted."""
        if not self.hidden:
            return text
        names = [name for _, name in self.hidden]
        # All in one pass, lest a secret be found in the name that stands for another.
        return re.sub(
            _any_of(secret for secret, _ in self.hidden), lambda found: names[(found.lastindex or 1) - 1], text
        )

    def shown(self, url: str) -> str:
        """An address, redacted; one of ours is a template again, whose host is no secret."""
        if not self.hidden or not self.is_ours(url):
            return self.redacted(url)
        parts = urlsplit(url)
        return parts._replace(path=self.redacted(parts.path), query=self.redacted(parts.query)).geturl()

    def without_secrets(self, answer: FetchResult) -> FetchResult:
        """The answer with `${NAME}` for each secret. Validators are sent back byte for byte, so one that repeats a
        secret is left out: it would be stored.
        """
        if not self.hidden:
            return answer
        etag, last_modified = (
            value if value is None or self.redacted(value) == value else None
            for value in (answer.validators.etag, answer.validators.last_modified)
        )
        return replace(
            answer,
            url=self.shown(answer.url),
            headers={name: self.redacted(value) for name, value in answer.headers.items()},
            body=self._redacted_body(answer.body),
            validators=Validators(etag, last_modified),
            redirects=tuple(map(self.shown, answer.redirects)),
            moved_to=None if answer.moved_to is None else self.shown(answer.moved_to),
        )

    def _redacted_body(self, body: bytes) -> bytes:
        """The document with `${NAME}` for each secret of eight characters or more: one that repeats them, in a link
        of its own say, would pass them on to everybody.
        """
        known = [pair for pair in self.hidden if pair[0] in self.in_words and len(pair[0]) >= _SHORTEST_IN_WORDS]
        if not known:
            return body
        names = [name.encode() for _, name in known]
        pattern = _any_of(secret for secret, _ in known).encode()
        return re.sub(pattern, lambda found: names[(found.lastindex or 1) - 1], body)

    def hush(self, error: FetchError) -> None:
        """Takes the secrets out of an error, and out of those it came from."""
        if self.hidden:
            error.args = tuple(self.redacted(said) if isinstance(said, str) else said for said in error.args)
            error.__cause__ = error.__context__ = None


def filled(template: Template, environment: Mapping[str, str]) -> str:
    """A template with its variables filled in, for something else than an address. FetchError: one is not set."""
    return _Filler(template, environment).fill(template)


class _Filler:
    """Fills in the templates of one source and notes what it filled in."""

    def __init__(self, url: Template, environment: Mapping[str, str]) -> None:
        self._url = url
        self._environment = environment
        self.hidden: dict[str, str] = {}
        self.in_words: set[str] = set()

    def address(self) -> str:
        """The source's address; what is filled in is percent-encoded (RFC 3986 section 2.1)."""
        parts = urlsplit(self._url.text)
        path, query = (self._filled(part, encode=True) for part in (parts.path, parts.query))
        return parts._replace(path=path, query=query).geturl() if self.hidden else self._url.text

    def fill(self, template: Template, *, secret: bool = True) -> str:
        return self._filled(template.text, secret=secret)

    def _filled(self, template: str, *, encode: bool = False, secret: bool = True) -> str:
        def value(found: re.Match[str]) -> str:
            said = self._environment.get(found[1], "")
            if not said:
                raise FetchError(
                    f"the variable {found[1]} is not set in the environment, or empty; {self._url.text} needs it"
                )
            # A user name may be part of the host, which is no secret and must stay legible.
            if secret or said.lower() not in urlsplit(self._url.text).netloc.lower():
                self.hidden.setdefault(said, found[0])
            if secret:
                self.in_words.add(said)
            return quote(said, safe="") if encode else said

        return _PLACEHOLDER.sub(value, template)


def _authorization(credentials: Credentials, filler: _Filler) -> str | None:
    """Bearer (RFC 6750 section 2.1) or Basic in UTF-8 (RFC 7617 section 2.1)."""
    if credentials.bearer is not None:
        token = filler.fill(credentials.bearer)
        if not _SENDABLE.fullmatch(token):
            raise FetchError(
                f"the bearer token {credentials.bearer.text} has blanks or other characters that cannot be sent"
            )
        filler.hidden.setdefault(token, credentials.bearer.text)
        return f"Bearer {token}"
    if credentials.username is None or credentials.password is None:
        return None
    username = filler.fill(credentials.username, secret=False)
    if ":" in username:
        raise FetchError(f"the user name {credentials.username.text} has a colon, which RFC 7617 does not allow")
    pair = base64.b64encode(f"{username}:{filler.fill(credentials.password)}".encode()).decode()
    filler.hidden[pair] = f"{credentials.username.text}:{credentials.password.text}"
    filler.in_words.add(pair)
    return f"Basic {pair}"


def _any_of(secrets: Iterable[str]) -> str:
    """A pattern with a group for each secret, as addresses (percent-encoded, even twice), XML and JSON write it."""
    return "|".join(f"({''.join(map(_character, secret))})" for secret in secrets)


def _character(character: str) -> str:
    encoded = "".join(f"%(?:25)*{byte:02x}" for byte in character.encode())
    forms = {re.escape(character), f"(?i:{encoded})", re.escape(escape(character)), f"(?i:\\\\u{ord(character):04x})"}
    if "\x80" <= character <= "\xff":  # the byte of Latin-1, in a redirect that is written so
        forms.add(f"(?i:%(?:25)*{ord(character):02x})")
    if character == "/":
        forms.add(r"\\/")
    if character == " ":
        forms.add(r"\+")
    return f"(?:{'|'.join(sorted(forms, key=len, reverse=True))})"


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1  # no origin at all
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS.get(parts.scheme)
