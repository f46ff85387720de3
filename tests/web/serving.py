"""A wire of invented publishers, served over real HTTP on this machine."""

from __future__ import annotations

import gzip
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx

from aggregator.cli.serve import server_of
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.web import Following, Pace, make_app
from tests.make_database import CONFIG, DATABASES

QUICK = Pace(look=0.02, heartbeat=0.2)
# No HTTP needs any; to read those of the system takes longer than most answers, and so does each new context.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
AT_REST = timedelta(seconds=11)  # after which files that were written are not read again at each request
VERSION = "0.4.0"  # of the database that is served: 18 publishers, and an act of every kind


@dataclass
class Served:
    """The wire, its address, and the clock that it goes by."""

    paths: Paths
    address: str
    now: list[datetime]
    following: Following

    def get(self, path: str, **headers: str) -> httpx.Response:
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{self.address}{path}", headers=said, timeout=30, verify=NO_CERTIFICATES)


def unopened(folder: Path) -> Path:
    """The folder, with a database that nobody has opened since an older version."""
    (folder / "wire.db").write_bytes(gzip.decompress((DATABASES / f"{VERSION}.db.gz").read_bytes()))
    return folder


@cache
def _opened() -> bytes:
    """The same, opened by this version with the configuration that the demo has now."""
    with tempfile.TemporaryDirectory() as folder:
        paths = Paths(CONFIG, unopened(Path(folder)) / "wire.db")
        open_wire(paths, load_config(paths), utc_now()).close()
        return paths.database().read_bytes()


@contextmanager
def served(
    folder: Path,
    config: Path = CONFIG,
    clock: Callable[[], datetime] | None = None,
    pace: Pace = QUICK,
    send_buffer: int | None = None,
    is_at_rest: bool = True,
) -> Iterator[Served]:
    """Where the folder has no database, one that this version has opened, so that no request reads the files of the
    configuration. `is_at_rest`: nobody changes one of these, and it is a while since they were written.
    """
    paths = Paths(config, folder / "wire.db")
    now = [utc_now().astimezone(UTC) + (AT_REST if is_at_rest else timedelta(0))]
    if not paths.database().exists():
        paths.database().write_bytes(_opened())
        if config != CONFIG:
            open_wire(paths, load_config(paths), now[0]).close()
    app = make_app(paths, clock or (lambda: now[0]), pace)
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as `serve` does
    if send_buffer is not None:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)  # of the connections too
    server = server_of(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        port = listening.getsockname()[1]
        yield Served(paths, f"http://127.0.0.1:{port}", now, app.state.following)
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()
