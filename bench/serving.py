"""Serves a folder over loopback, from a process of its own: nginx where it is installed, else a small server of ours.

The folder's bytes are sent untouched, with ETag and Last-Modified, or without either (`validators=False`).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import cpu_of

_NGINX = """\
{user}
worker_processes 1;
daemon off;
pid {state}/nginx.pid;
error_log {state}/error.log error;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {state}/body;
  proxy_temp_path {state}/proxy;
  fastcgi_temp_path {state}/fastcgi;
  uwsgi_temp_path {state}/uwsgi;
  scgi_temp_path {state}/scgi;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  types {{ application/json json; }}
  default_type application/xml;
  server {{
    {listens}
    root {root};
    {validators}
  }}
}}
"""
_NO_VALIDATORS = 'etag off; if_modified_since off; add_header Last-Modified "";'
_START_SECONDS = 10.0
_HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    port: int
    pid: int

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def cpu(self) -> float:
        """Seconds of processor time used so far: a server that used the whole of a core was the bottleneck."""
        return cpu_of(self.pid)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hosts(most: int) -> list[str]:
    """Loopback addresses that `serve` can answer at, each of which the product takes for a domain of its own; one
    where nginx is not installed. At most 62,500.
    """
    several = [f"127.1.{number // 250}.{1 + number % 250}" for number in range(most)]
    return several if shutil.which("nginx") else [_HOST]


def server_name() -> str:
    return "nginx" if shutil.which("nginx") else "bench.fallback (nginx is not installed)"


@contextmanager
def serve(folder: Path, state: Path, port: int, *, validators: bool = True, at: Sequence[str] = ()) -> Iterator[Server]:
    """The folder at 127.0.0.1:port, and at those of `hosts`, until the block ends. `state`: a folder for the server's
    own files.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that whoever ends us ends the server too
    state.mkdir(parents=True, exist_ok=True)
    has_nginx = shutil.which("nginx")
    command = _nginx(folder, state, port, validators, at) if has_nginx else _fallback(folder, port, validators)
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1])
    try:
        _wait_for(port, process)
        yield Server(server_name(), port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _nginx(folder: Path, state: Path, port: int, validators: bool, at: Sequence[str]) -> list[str]:
    user = "user root;" if os.geteuid() == 0 else ""  # temporary folders are their owner's alone
    said = "" if validators else _NO_VALIDATORS
    conf = state / "nginx.conf"
    listens = "\n    ".join(f"listen {host}:{port} backlog=4096;" for host in dict.fromkeys((_HOST, *at)))
    conf.write_text(_NGINX.format(user=user, state=state, listens=listens, root=folder, validators=said))
    return ["nginx", "-c", str(conf), "-p", str(state), "-e", str(state / "error.log")]


def _fallback(folder: Path, port: int, validators: bool) -> list[str]:
    return [sys.executable, "-m", "bench.fallback", str(folder), str(port), "yes" if validators else "no"]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"the server did not start on port {port}: {process.args!r}")
