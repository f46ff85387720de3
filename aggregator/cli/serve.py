"""serve: publishes the wire over HTTP: pages, feeds and the API."""

from __future__ import annotations

import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import uvicorn

from aggregator.cli.options import LISTEN
from aggregator.cli.printing import say
from aggregator.pipeline.opening import load_config, read_store
from aggregator.pipeline.paths import Paths
from aggregator.text.dates import utc_now
from aggregator.text.urls import is_host
from aggregator.web import ASGIApp, Starlette, make_app

_GRACE = 3  # seconds for answers that are being given when the end is asked for; all has ended within five
_DEAF = 60  # seconds after which a connection ends whose client takes nothing
_IDLE = 20  # seconds that a connection may wait for its next request
_MOST_HEADER = 16_384  # bytes of a request's first line and headers


@click.command()
@LISTEN
@click.pass_obj
def serve(paths: Paths, listen: str | None) -> None:
    """Publish the wire over HTTP: pages, feeds and the API.

    It reads the database, and writes what people and programs send: acts of the desk, complaints, who took a report,
    what apps mark as read, and once a minute how many reports left (`aggregator rights`). Where it may not write, the
    forms say so, and nothing is counted. Any number may run beside the daemon. SIGTERM and SIGINT end it within five
    seconds; answers in progress have three. Put a web server with TLS before it; wire.toml's [serve] names the proxies
    that are trusted.
    """
    read_store(paths).close()  # says at once where there is none
    logging.getLogger("aggregator").setLevel(logging.INFO)
    server, listening, place = opened(paths, listen)

    def end(*_: object) -> None:
        server.should_exit = True

    # It ends by these itself, and then raises them again for whoever handled them before.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, end)
    say(place, err=True)
    with listening:
        server.run(sockets=[listening])


def opened(paths: Paths, listen: str | None) -> tuple[uvicorn.Server, socket.socket, str]:
    """A server that has its place and has not begun to answer, and what is to be said of it. Raises ConfigError,
    click.ClickException.
    """
    paths = paths.held()
    wire = load_config(paths).wire
    host, port = _place(listen) if listen else (wire.serve.host, wire.serve.port)
    app = make_app(paths, utc_now)
    listening = _listening(host, port)
    place = f"{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}"
    return server_of(app), listening, f"serving {wire.name} at http://{place}/"


def server_of(app: Starlette) -> uvicorn.Server:
    """A server whose answers that go on end with it."""
    server = uvicorn.Server(configured(app))
    app.state.following.is_ending = lambda: server.should_exit
    return server


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.create_server((host, port), family=family, backlog=1_024)
        # A client that takes nothing is given up, also while what it was sent last is waiting for it (tcp(7)).
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _DEAF * 1_000)
        # Connections have it from here: asyncio sets it only where a socket names its protocol. Without it the body of
        # a small answer waits for 40 ms until the client has acknowledged the headers (RFC 1122 section 4.2.3.4).
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise click.ClickException(
            f"{host}:{port}: nothing can listen there ({error.strerror}); name another by --listen"
        ) from None


@contextmanager
def serving(paths: Paths, listen: str | None) -> Iterator[Callable[[], None]]:
    """Answers in a thread of its own; what it yields asks for the end, without waiting for it. Raises as `opened`."""
    server, listening, place = opened(paths, listen)
    say(place, err=True)
    with answering(server, listening) as end:
        yield end


@contextmanager
def answering(server: uvicorn.Server, listening: socket.socket) -> Iterator[Callable[[], None]]:
    """The same of what `opened` gave."""

    def end() -> None:
        server.should_exit = True

    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="serve", daemon=True)
    with listening:
        thread.start()
        try:
            yield end
        finally:
            end()
            thread.join(_GRACE + 1)  # it gives up what takes longer by itself


def configured(app: ASGIApp) -> uvicorn.Config:
    """How an application is served: with bounds, and without saying by what."""
    return uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_GRACE,
        h11_max_incomplete_event_size=_MOST_HEADER,
    )


def _place(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not is_host(host.strip("[]")) or not (port.isascii() and port.isdecimal()) or not 0 <= int(port) < 65_536:
        raise click.BadParameter(f"{listen!r} is no HOST:PORT, such as 127.0.0.1:8080", param_hint="--listen")
    return host.strip("[]"), int(port)
