"""Every error that the wire raises on purpose, as one tree; anything else that is raised is a bug.

AggregatorError
├── ConfigError          config/ does not load: the faults of all its files
├── StoreError           the database cannot be used: what to do stands in the message
│   ├── StoreBusy        another program kept it locked for too long
│   ├── StoreFull        no space left to write
│   ├── QueryRefused     a query that would write, or is not SQL
│   ├── SourceRenamed    a source has another name by now: another program renamed its publisher
│   └── CursorError      a cursor that is not of this ledger: the database was restored, or is another one
├── DeskError            an act of the desk that cannot be done: unknown report, nothing to change, unreadable time
│   └── AlreadyOut       what is asked for would not keep the report out more than it is
├── ManuscriptError      a report of the wire's own that cannot be published: the faults of its file
├── SearchError          words to search for that can find nothing as they are typed
├── SelectionError       reports that are asked for by words that nothing can match
├── OpmlError            a list of feeds that cannot be read: what was found, what was expected
├── DaemonRunning        another daemon holds this database
├── PressError           the local press cannot start, e.g. its port is in use
├── FetchError           no usable HTTP answer; becomes a failed Poll
│   ├── AddressRefused   a private or otherwise forbidden address
│   ├── RobotsRefused    robots.txt names our token and disallows the address
│   ├── RedirectRefused  too many redirects, one that must not be followed, or one to a home page or a login
│   ├── Challenge        a page that keeps programs out, such as Cloudflare's, instead of the document
│   ├── ConsentPage      a page that asks for consent, instead of the document
│   ├── CookiePage       a site that answers only whoever sends back its cookie
│   ├── PaymentRequired  402: the site sells what was asked for
│   ├── BodyTooLarge     the body passed [fetch] max_body_bytes
│   ├── AnswerTooCostly  what came around the body is too much: fields, chunks, packets, records of TLS
│   ├── FetchTimeout     the deadline of the whole request passed
│   └── HttpStatus       an answer without a document, such as 404
├── DeliveryError        a subscriber that nothing can be sent to before its secrets are put right
├── ParseError           the document has no readable entry; becomes a failed Poll
└── RedirectHeld         the document came from an address that is not its publisher's; becomes a pending Poll
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from aggregator.model.escaping import escaped


class AggregatorError(Exception):
    """The root. `str()` of every one of them is a sentence for the person at the keyboard."""


class ConfigError(AggregatorError):
    """Holds the faults of all files, each a line: file, key, what was found, what was expected."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(map(escaped, faults)))  # a file's name, and what stands in it, may hold line ends
        self.faults = tuple(faults)


class StoreError(AggregatorError):
    """The database cannot be used."""


class StoreBusy(StoreError):
    """Another program kept the database locked for longer than we wait."""


class StoreFull(StoreError):
    """The disk is full; nothing stored is lost, and the next poll tries again."""


class QueryRefused(StoreError):
    """A query that would write, or that SQLite does not understand."""


class CursorError(StoreError):
    """The ledger does not hold the line of a cursor; whoever follows it has to start again."""


class SearchError(AggregatorError):
    """Words that can find nothing as they are typed: why, and what to write."""


class SelectionError(AggregatorError):
    """Words by which nothing can be chosen: why, and the nearest that is known. `option`: of which one they are; None:
    of the one that is being read, or of several.
    """

    def __init__(self, message: str, option: str | None = None) -> None:
        super().__init__(message)
        self.option = option


class OpmlError(AggregatorError):
    """A list of feeds that cannot be read; nothing of it was taken over."""


class DeskError(AggregatorError):
    """An act that cannot be done; nothing was changed."""


class AlreadyOut(DeskError):
    """The report is out of the wire by an act that is as strong as the one asked for, or stronger."""


class ManuscriptError(AggregatorError):
    """Holds the faults of one file, each a line: file, key, what was found, what was expected."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(map(escaped, faults)))
        self.faults = tuple(faults)


class DaemonRunning(AggregatorError):
    """Two daemons on one database would poll every publisher twice."""


class PressError(AggregatorError):
    """The local press cannot start."""


class FetchError(AggregatorError):
    """No usable HTTP answer.

    `answered` is False where we asked and nothing came back: no such host, connection refused, network unreachable,
    not a byte of an answer before the deadline. When that befalls all sources at once, the fault is our own network's.
    True of all else: somebody answered, or we did not ask.

    `retry_after` is RFC 9110's field of the answer, or of a redirect on the way, resolved to a duration or a time;
    None: it was not said.
    """

    def __init__(
        self, message: str = "", *, answered: bool = True, retry_after: timedelta | datetime | None = None
    ) -> None:
        super().__init__(message)
        self.answered = answered
        self.retry_after = retry_after


class AddressRefused(FetchError):
    """The address really connected to is one that the wire must not reach."""


class RobotsRefused(FetchError):
    """RFC 9309: the host's robots.txt disallows the address for our own token."""


class RedirectRefused(FetchError):
    """Too many redirects, or one that must not be followed: to another scheme than http and https, to a host that
    cannot be looked up, from https down to http, with a secret of ours to another origin; or one that ended at a home
    page or a login instead of a document.
    """


class Challenge(FetchError):
    """A service that keeps programs out answered in the publisher's place, with `status`. We do not pose as a browser
    to get past it.
    """

    def __init__(
        self, message: str = "", *, status: int = 403, retry_after: timedelta | datetime | None = None
    ) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status


class ConsentPage(FetchError):
    """A page that asks a reader for consent, with 200, where a document was asked for. A program cannot consent."""


class CookiePage(FetchError):
    """A site that sets a cookie and answers only whoever sends it back, by redirects in a circle or by a script. The
    wire keeps no cookies.
    """


class PaymentRequired(FetchError):
    """402: the site sells what was asked for, to programs at least. The wire pays nobody."""

    status = 402


class BodyTooLarge(FetchError):
    """The body, after decompression, passed the cap."""


class AnswerTooCostly(FetchError):
    """The answer costs more to read than a document may: fields, chunks, packets or records of TLS without end."""


class FetchTimeout(FetchError):
    """The whole request took longer than its deadline."""


class HttpStatus(FetchError):
    """An answer that brought no document: neither a success with content, nor a 304 to a request with conditions."""

    def __init__(
        self, status: int, retry_after: timedelta | datetime | None = None, *, meaning: str | None = None
    ) -> None:
        super().__init__(f"the server answered {status}{f': {meaning}' if meaning else ''}", retry_after=retry_after)
        self.status = status


class DeliveryError(AggregatorError):
    """A secret of a subscriber is missing or is none, so that nothing can be signed for it."""


class ParseError(AggregatorError):
    """The document has no readable entry."""


class RedirectHeld(AggregatorError):
    """The document came from an address that is not known to be its publisher's, so nothing of it may be stored."""


class SourceRenamed(StoreError):
    """The database has no source of this name (publisher/key) any more: its publisher was renamed."""

    def __init__(self, source_name: str) -> None:
        super().__init__(
            f"{source_name}: its publisher has another key since, so nothing of this poll was stored; the next poll"
            " asks again"
        )
        self.source_name = source_name
