"""A subscriber's server on this machine: verifies what comes as Standard Webhooks says, and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes!").decode()
KEY = "whsk_" + base64.b64encode(b"an ed25519 key of 32 bytes, say.").decode()


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> Any:
        return json.loads(self.body)

    @property
    def number(self) -> int:
        return int(self.said["data"]["number"])

    def is_signed(self, secret: str = SECRET) -> bool:
        """Whether one of its signatures is of this symmetric secret."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
        return expected in self.headers["webhook-signature"].split()


@dataclass(frozen=True)
class Reply:
    """What is answered; `raw`: these bytes, whatever they are, and then the connection ends."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw: bytes | None = None
    hangs: bool = False  # until the server ends


class Receiver:
    """What came, in order; `reply` says what the next requests are answered."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.reply: Callable[[Received], Reply] = lambda received: Reply()
        self.ended = threading.Event()
        self.url = ""

    def answer(self, *replies: Reply) -> None:
        """These, one after another, and from then on the last one."""
        rest = list(replies)
        self.reply = lambda received: rest.pop(0) if len(rest) > 1 else rest[0]

    @property
    def numbers(self) -> list[int]:
        """Of the messages, in the order in which they came."""
        return [each.number for each in self.received]


def unique(numbers: Sequence[int]) -> list[int]:
    """The order in which each came first."""
    return list(dict.fromkeys(numbers))


@contextmanager
def receiver(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """On a port of its own of 127.0.0.1."""
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            made.received.append(received)
            self.answer(made.reply(received))

        do_GET = do_POST

        def answer(self, reply: Reply) -> None:
            if reply.hangs:
                made.ended.wait(30)
                self.close_connection = True
                return
            if reply.raw is not None:
                self.wfile.write(reply.raw)
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(reply.body)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def get_request(self) -> tuple[socket.socket, Any]:
            connection, address = super().get_request()
            return (tls.wrap_socket(connection, server_side=True) if tls else connection), address

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # who hung up

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    made.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}/hook"
    try:
        yield made
    finally:
        made.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(30)
