"""The local press: invented publishers over real HTTP on loopback, on a timeline, misbehaving on request.

    with Press(read_sites(Path("data/demo/press")), now=utc_now()) as press:
        press.address                     # ("127.0.0.1", 40123): connect here, send `Host: kumasi-nettle.example`
        press.advance()                   # the next round: new reports, edits, corrections, withdrawals
        press.misbehave("kumasi-nettle.example", "/atom.xml", "busy", times=1, retry_after=120)
        press.requests                    # what was asked, by whom, and what it was told

A site answers to its Host header, and also below `http://127.0.0.1:PORT/HOST/`. Every method may be called from any
thread. Alone here the parts meet: the folder's other modules know nothing of each other.
"""

from __future__ import annotations

import inspect
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from urllib.parse import unquote

from aggregator.demo import answers, misbehave, sites
from aggregator.demo.answers import Resource
from aggregator.demo.misbehave import MISBEHAVIOURS
from aggregator.demo.server import Request, Server
from aggregator.demo.sites import FORMATS, Event, Feed, Report, Site, generate_archive, generate_feed, read_sites
from aggregator.model.errors import PressError

__all__ = [
    "FORMATS",
    "MISBEHAVIOURS",
    "Event",
    "Feed",
    "Press",
    "Report",
    "Resource",
    "Seen",
    "Site",
    "generate_archive",
    "generate_feed",
    "read_sites",
]  # fmt: skip

LAST = 1 << 30  # a round after every other
REMEMBERED_REQUESTS = 100_000
ROUND = timedelta(minutes=5)  # between two rounds, as Last-Modified tells it; the last round is when the press opened
MEDIA_TYPES = {".json": "application/json", ".html": "text/html", ".txt": "text/plain"}  # of files; else XML


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as the press saw it."""

    host: str
    path: str  # with the query
    method: str
    headers: Mapping[str, str]  # names in lower case
    status: int  # 0: no HTTP answer was given
    at: float  # when it arrived, in seconds of a monotonic clock: only differences mean something


@dataclass(slots=True)
class _Spell:
    """One misbehaviour in force."""

    kind: str
    options: Mapping[str, object]
    left: int | None  # requests that it still lasts; None: until `behave`


@dataclass(slots=True)
class _Shelf:
    """What is served beside the sites, what is cached, and what is wrong; guarded by the press's lock."""

    documents: dict[tuple[str, str], Resource] = field(default_factory=dict)
    folders: dict[str, Path] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    cached: dict[tuple[str, str], tuple[Resource, str]] = field(default_factory=dict)
    spells: dict[tuple[str, str], _Spell] = field(default_factory=dict)


class Press:
    """A context manager: it listens inside the `with`, and leaves nothing behind."""

    def __init__(
        self, world: Iterable[Site] = (), *, now: datetime, host: str = "127.0.0.1", port: int = 0, gzip: bool = True
    ) -> None:
        """`now`: when the press opens; reports are dated before it. `port` 0: any free one. `gzip`: pack on request.

        PressError: two sites share a host; from the `with`: the address is not loopback, or the port is in use.
        """
        self._sites = sites.by_host(world)
        self._opened = now.astimezone(UTC)
        self._gzip = gzip
        self._round = 0
        self._shelf = _Shelf(hosts=set(self._sites))
        self._seen: deque[Seen] = deque(maxlen=REMEMBERED_REQUESTS)
        self._lock = threading.RLock()
        self._started = time.monotonic()
        self._server = Server(self._handle, host, port)

    def __enter__(self) -> Press:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def address(self) -> tuple[str, int]:
        return self._server.address

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, below which every site also answers as `/HOST/...`."""
        host, port = self.address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host that the press answers for."""
        with self._lock:
            return tuple(sorted(self._shelf.hosts))

    # The timeline

    @property
    def round(self) -> int:
        return self._round

    @property
    def last_round(self) -> int:
        """The last round at which anything happens."""
        return max((sites.changed(site, LAST) for site in self._sites.values()), default=0)

    def advance(self) -> int:
        """Moves to the next round and returns it. Documents set by hand stay as they are."""
        with self._lock:
            self._round += 1
            self._shelf.cached.clear()
            return self._round

    # What is served beside the sites

    def set_document(self, host: str, path: str, document: Resource | bytes) -> None:
        """Serves these bytes at `http://HOST PATH` from now on, in place of whatever the site has there.

        A path that ends in `?` stands for it with any query. Bytes alone are served as `application/xml`. Without a
        `last_modified` of its own the document gets the present second, or the one after that of the document which it
        replaces.
        """
        given = Resource(document, "application/xml") if isinstance(document, bytes) else document
        key = (host.lower(), path)
        with self._lock:
            old = self._shelf.documents.get(key)
            if given.last_modified is None:
                least = old.last_modified + timedelta(seconds=1) if old and old.last_modified else self._opened
                given = replace(given, last_modified=max(self._clock(), least))
            self._shelf.documents[key] = given
            self._shelf.hosts.add(host.lower())
            self._shelf.cached.pop(key, None)

    def set_pages(self, host: str, path: str, pages: Sequence[Resource | bytes]) -> None:
        """Serves an archive in place of all at `path`: its first page there, the Nth at `?paged=N`, else 404."""
        with self._lock:
            old = [key for key in self._shelf.documents if key[0] == host.lower() and key[1].startswith(f"{path}?")]
            for key in old:
                del self._shelf.documents[key]
            self._shelf.cached.clear()
            self.set_document(host, f"{path}?", _document(sites.missing_page()))
            for number, page in enumerate(pages, 1):
                self.set_document(host, f"{path}?paged={number}", page)
            self.set_document(host, path, pages[0])

    def folder(self, path: Path, host: str) -> None:
        """Serves each file of the folder as `http://HOST/NAME`, its bytes untouched and read at every request."""
        if not path.is_dir():
            raise PressError(f"{path}: found no folder to serve as {host}")
        with self._lock:
            self._shelf.folders[host.lower()] = path
            self._shelf.hosts.add(host.lower())

    # What goes wrong

    def misbehave(self, host: str, path: str, kind: str, times: int | None = None, **options: object) -> None:
        """Answers `path` of `host` wrongly: a row of MISBEHAVIOURS with its options, for `times` requests or for good.

        A path of `*` is every path of the host. Raises PressError on an unknown kind or option.
        """
        if kind not in MISBEHAVIOURS:
            raise PressError(f"misbehaviour {kind!r} is unknown, expected one of {', '.join(MISBEHAVIOURS)}")
        try:
            inspect.signature(MISBEHAVIOURS[kind]).bind(None, **options)
        except TypeError as error:
            raise PressError(f"misbehaviour {kind!r}: {error}") from error
        with self._lock:
            self._shelf.spells[(host.lower(), path)] = _Spell(kind, options, times)

    def behave(self, host: str, path: str) -> None:
        """Ends what `misbehave` began with the same host and path."""
        with self._lock:
            self._shelf.spells.pop((host.lower(), path), None)

    # What was asked

    @property
    def requests(self) -> tuple[Seen, ...]:
        """The last 100,000 requests, oldest first."""
        with self._lock:
            return tuple(self._seen)

    def forget(self) -> None:
        """Empties `requests`."""
        with self._lock:
            self._seen.clear()

    # Answering, in the server's thread

    def _handle(self, request: Request) -> tuple[Iterator[bytes | float], bool]:
        with self._lock:
            host, path = self._place(request.host, request.target)
            document, etag = self._found(host, path)
            spell = self._spell(host, path)
            date = (("Date", answers.http_date(self._clock())),)
        document = replace(document, headers=date + document.headers)
        told = {name: value for name, value in request.headers.items() if not name.startswith("if-")}
        answer = answers.honest(document, etag, request.method, request.headers, self._gzip)
        exchange = misbehave.Exchange(
            request.method,
            conditional="if-none-match" in request.headers or "if-modified-since" in request.headers,
            answer=answer,
            plain=answers.honest(document, etag, request.method, told, False) if spell else answer,
        )
        plan = MISBEHAVIOURS[spell.kind](exchange, **spell.options) if spell else misbehave.behave(exchange)
        seen = Seen(
            host=host, path=path, method=request.method, headers=request.headers, status=plan.status, at=request.at
        )
        with self._lock:
            self._seen.append(seen)
        return plan.steps, plan.keep

    def _place(self, host: str, target: str) -> tuple[str, str]:
        """Host and path, read from the Host header or else from the first segment of the path."""
        known = self._shelf.hosts
        first, _, rest = target.removeprefix("/").partition("/")
        return (first.lower(), f"/{rest}") if host not in known and first.lower() in known else (host, target)

    def _found(self, host: str, path: str) -> tuple[Resource, str]:
        """The document and its entity tag: the exact path with its query, else with any, else without, else a 404."""
        bare, mark, _ = path.partition("?")
        for key in dict.fromkeys(((host, path), (host, bare + mark), (host, bare))):
            if key not in self._shelf.cached:
                document = self._shelf.documents.get(key) or self._of_site(*key)
                if document is None:
                    continue
                self._shelf.cached[key] = (document, answers.etag_of(document))
            return self._shelf.cached[key]
        document = self._of_folder(host, bare) or _document(sites.missing_page())
        return document, answers.etag_of(document)

    def _of_site(self, host: str, path: str) -> Resource | None:
        site = self._sites.get(host)
        page = sites.site_page(site, path, self._round, self._opened) if site else None
        if site is None or page is None:
            return None
        rounds = self.last_round - sites.changed(site, self._round)
        return _document(page, self._opened - max(rounds, 0) * ROUND)

    def _of_folder(self, host: str, path: str) -> Resource | None:
        folder, name = self._shelf.folders.get(host), unquote(path.removeprefix("/"))
        if folder is None or not name or name != Path(name).name or not (folder / name).is_file():
            return None
        file = folder / name
        modified = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        return Resource(
            file.read_bytes(), MEDIA_TYPES.get(file.suffix.lower(), "application/xml"), last_modified=modified
        )

    def _spell(self, host: str, path: str) -> _Spell | None:
        for key in ((host, path), (host, path.partition("?")[0]), (host, "*")):
            spell = self._shelf.spells.get(key)
            if spell is None or spell.left == 0:
                continue
            if spell.left is not None:
                spell.left -= 1
            return spell
        return None

    def _clock(self) -> datetime:
        """When it is, counted from `now`: the press never reads the wall clock."""
        return self._opened + timedelta(seconds=time.monotonic() - self._started)


def _document(page: sites.Page, last_modified: datetime | None = None) -> Resource:
    moved = (("Location", page.location),) if page.location else ()
    return Resource(page.body, page.content_type, status=page.status, headers=moved, last_modified=last_modified)
