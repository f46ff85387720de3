"""`serve` and `run --serve` as processes: where they answer, and how they end."""

from __future__ import annotations

import gzip
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from aggregator.cli.serve import opened
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from tests.commands import COMMAND, Popen, run
from tests.conftest import some
from tests.make_database import CONFIG, DATABASES
from tests.web.serving import VERSION


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """The command for a wire of the wire's own publisher alone, with a database."""
    config = tmp_path / "config"
    own = Path("publishers") / "xa" / "tamarind-wire.toml"
    (config / own).parent.mkdir(parents=True)
    for name in ("wire.toml", "rights.toml", own):
        shutil.copy(CONFIG / name, config / name)
    Store.open(tmp_path / "wire.db").close()
    return [*COMMAND, "--config", str(config), "--db", str(tmp_path / "wire.db")]


@contextmanager
def started(*command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and the address that it says it answers at."""
    process = Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = next(line for line in process.stderr if line.startswith("serving"))
        yield process, said.split(" at ")[1].strip().removesuffix("/")
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.soak
@pytest.mark.parametrize(
    ("command", "number"),
    some(
        [
            (("serve",), signal.SIGTERM), (("serve",), signal.SIGINT), (("run", "--serve"), signal.SIGTERM),
            (("run", "--serve"), signal.SIGINT),
        ],
        2,
    ),
)  # fmt: skip
def test_it_answers_and_ends_within_seconds(words: list[str], command: tuple[str, ...], number: signal.Signals) -> None:
    with started(*words, *command, "--listen", "127.0.0.1:0") as (process, address):
        for path in ("/healthz", "/api/reports", "/metrics", "/feeds/latest.json"):
            assert httpx.get(address + path, timeout=30, verify=False).status_code == 200
        # Who says nothing, or half of something, or waits for its next turn, or reads nothing, holds nobody up.
        whole = b"GET /api/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        others = [socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) for _ in range(4)]
        others[1].sendall(whole[:30])
        others[2].sendall(whole)
        assert others[2].recv(100).startswith(b"HTTP/1.1 200")
        others[3].sendall(whole * 200)
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(30) == 0
        assert time.monotonic() - began < 8  # it is five seconds, on a machine that is not busy
        for each in others:
            each.close()
        with pytest.raises(httpx.ConnectError):
            httpx.get(address + "/healthz", verify=False)


@pytest.mark.parametrize("command", [("serve",), ("run", "--serve")])
@pytest.mark.parametrize("place", ["taken", "no-such-host.invalid:80", "2001:db8::1:80", "nonsense", "127.0.0.1:99999"])
def test_a_place_that_cannot_be_had_is_said(words: list[str], command: tuple[str, ...], place: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = f"127.0.0.1:{other.getsockname()[1]}"
        ran = run([*words, *command, "--listen", taken if place == "taken" else place], capture_output=True, text=True)
    assert ran.returncode in (1, 2)
    assert "Traceback" not in ran.stderr
    assert "--listen" in ran.stderr


def test_a_place_belongs_to_a_server(words: list[str]) -> None:
    assert run([*words, "run", "--listen", "127.0.0.1:0"], capture_output=True).returncode == 2


def test_the_body_of_an_answer_does_not_wait_for_its_headers_to_be_acknowledged(tmp_path: Path) -> None:
    """Nagle's algorithm is off (RFC 1122 section 4.2.3.4); what listens hands that on to each connection."""
    database = tmp_path / "wire.db"
    database.write_bytes(gzip.decompress((DATABASES / f"{VERSION}.db.gz").read_bytes()))
    _, listening, _ = opened(Paths(CONFIG, database), "127.0.0.1:0")
    with listening, socket.create_connection(listening.getsockname()), listening.accept()[0] as connection:
        assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
