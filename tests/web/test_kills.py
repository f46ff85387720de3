"""Whoever is killed, and whenever: a client of the stream of changes ends with all of them, in order."""

from __future__ import annotations

import json
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aggregator.desk import acts
from aggregator.model import Cause
from aggregator.store import Store
from aggregator.text.dates import utc_now
from tests.commands import Popen
from tests.conftest import SOAK, make_entry, make_publisher, record
from tests.conftest import open_store as opened
from tests.make_database import CONFIG
from tests.waiting import until
from tests.web import reader

BECAUSE = Cause(actor="person:ama", reason="a mistake")
REPORTS = 20


class Killable:
    """A process that is started again whenever it was killed."""

    def __init__(self, *command: str) -> None:
        self.command, self.kills = command, 0
        self.start()

    def start(self) -> None:
        self.process: subprocess.Popen[Any] = Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        self.process.kill()
        assert self.process.wait(30) == -signal.SIGKILL
        self.kills += 1


@pytest.mark.soak
@pytest.mark.long
def test_a_client_of_the_stream_has_every_change_whoever_is_killed(tmp_path: Path) -> None:
    """Client and server are, at random moments, while changes are written."""
    config, database, file = tmp_path / "config", tmp_path / "wire.db", tmp_path / "lines"
    own = Path("publishers") / "xa" / "tamarind-wire.toml"
    (config / own).parent.mkdir(parents=True)
    for name in ("wire.toml", "rights.toml", own):
        shutil.copy(CONFIG / name, config / name)
    publisher = make_publisher()
    with opened("sqlite", database, [publisher]) as store:
        record(store, publisher, *map(make_entry, range(REPORTS)))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    aggregator = (sys.executable, "-m", "aggregator", "--config", str(config), "--db", str(database))
    kills, chance = 200 if SOAK else 3, random.Random(20)
    parties: dict[str, Killable] = {}
    try:
        parties["server"] = Killable(*aggregator, "serve", "--listen", f"127.0.0.1:{port}")
        parties["client"] = Killable(sys.executable, reader.__file__, str(port), str(file))
        with Store.open(database) as store:
            out = dict.fromkeys(store.first_seen(None, None, None), False)
            for _ in range(kills):
                for _ in range(chance.randint(*((20, 80) if SOAK else (10, 30)))):
                    report = chance.choice([*out])
                    (acts.restore if out[report] else acts.withhold)(store, report, BECAUSE, utc_now())
                    out[report] = not out[report]
                for name in chance.choice((["server"], ["client"], ["server", "client"])):
                    parties[name].kill()
                    parties[name].start()
            expected = [line["seq"] for line in store.changes()]
        until(lambda: file.exists() and f'"seq": {expected[-1]},'.encode() in file.read_bytes(), seconds=120)
    finally:
        for each in parties.values():
            each.process.kill()
            each.process.wait(30)
    numbers = [json.loads(line)["seq"] for line in file.read_bytes().splitlines()]
    assert list(dict.fromkeys(numbers)) == expected, Counter(numbers).most_common(3)
    assert min(each.kills for each in parties.values()) > 0
    assert sum(each.kills for each in parties.values()) >= kills
