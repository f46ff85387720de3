"""Workers as processes of their own, over one database of PostgreSQL and a local press."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import defaultdict
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from aggregator.demo import Press
from aggregator.model.place import PostgresPlace
from tests import ROOT, commands, postgres
from tests.cli.test_cli import PUBLISHER, make_config
from tests.test_trip import feed
from tests.waiting import until

SETTINGS = """
[engine]
lost_after_seconds = 3
"""
SPACING = 0.4  # seconds between two requests to one domain
AT_ONCE = 2  # requests to one domain
TIMEOUT = 60  # seconds, of a request


class Wire:
    """A configuration whose publishers' sites a press serves, and the workers that poll them."""

    def __init__(
        self, folder: Path, press: Press, hosts: int, feeds: int = 1, every: float = 60, server: str | None = None
    ) -> None:
        """Of each host so many feeds, each of two articles; all hosts are of one domain, the press's address. `server`:
        the address of a server in place of that of all tests.
        """
        self.press = press
        self.folder = folder
        self.config = make_config(folder / "config")
        written = (self.config / "wire.toml").read_text()
        written = written.replace("per_domain_concurrency = 8", f"per_domain_concurrency = {AT_ONCE}")
        written = written.replace("per_domain_seconds = 0", f"per_domain_seconds = {SPACING}")
        written = written.replace("timeout_seconds = 5", f"timeout_seconds = {TIMEOUT}")
        (self.config / "wire.toml").write_text(written + SETTINGS)
        self.documents: dict[tuple[str, str], list[str]] = {}
        for number in range(hosts):
            host = f"h{number}.example"
            text = PUBLISHER.format(name=f"H{number}", host=host, base=press.url, every=every)
            head, source = text.split("[[source]]")
            for place in range(feeds):
                path = f"/feed{place}" if place else "/feed"
                self.publish(host, path, 2)
                head += "[[source]]" + source.replace(f"{host}/feed", f"{host}{path}")
            (self.config / "publishers" / "ml" / f"h{number}.toml").write_text(head)
        self.url = server or url_of(postgres.place_of(folder / "wire.db"))
        self.processes: list[subprocess.Popen[bytes]] = []

    def publish(self, host: str, path: str, number: int = 1) -> None:
        """So many more articles in one feed."""
        names = self.documents.setdefault((host, path), [])
        names += [f"{host}{path}-{len(names) + each}" for each in range(number)]
        self.press.set_document(host, path, feed(*reversed(names)))

    @property
    def articles(self) -> set[str]:
        return {name for names in self.documents.values() for name in names}

    def start(self, at_once: int = 4, of: Path = ROOT) -> subprocess.Popen[bytes]:
        """One more worker, of the program in this folder."""
        return self.begin("worker", "--concurrency", str(at_once), of=of)

    def begin(self, *words: str, of: Path = ROOT) -> subprocess.Popen[bytes]:
        """One more process, with this command."""
        with self.log.open("ab") as log:
            process = commands.Popen(
                self.command(*words), stderr=log, stdout=log, start_new_session=True, cwd=of, env=self._environment(of)
            )
        self.processes.append(process)
        return process

    def fetch(self, of: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """What is due, by the program in this folder."""
        command = self.command("fetch")
        return commands.run(command, capture_output=True, text=True, cwd=of, env=self._environment(of))

    def _environment(self, of: Path) -> dict[str, str] | None:
        """In which Python finds the program in this folder; None: it is this one, and the starter has it."""
        return None if of == ROOT else {**os.environ, "PYTHONPATH": str(of)}

    def command(self, *words: str) -> list[str]:
        given = ("--config", str(self.config), "--db", self.url)
        return [*commands.COMMAND, *given, *words]

    @property
    def log(self) -> Path:
        return self.folder / "workers.log"

    def said(self) -> str:
        return self.log.read_text()

    def end(self) -> set[int]:
        """Asks those that run to end; their exit codes."""
        running = [process for process in self.processes if process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGTERM)
        return {process.wait(30) for process in running}

    def kill(self) -> None:
        """Leaves none behind, nor a process of theirs."""
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(self.url, autocommit=True)) as connection:
            return connection.execute(sql.encode()).fetchall()

    def count(self, table: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608  (of the tests' own words)

    def stored(self, articles: int, seconds: float = 60) -> None:
        """Waits for so many articles."""
        until(lambda: self.has("articles") and self.count("articles") >= articles, seconds)

    def has(self, table: str) -> bool:
        return self.rows(f"SELECT to_regclass('{table}') IS NOT NULL") == [(True,)]

    def faults(self) -> list[str]:
        """What is wrong with what is stored, and with what was asked."""
        found = []
        titles = [title for (title,) in self.rows("SELECT title FROM articles")]
        wanted = (
            sorted(f"Report {name}" for name in self.articles) if titles and titles[0].startswith("Report") else None
        )
        if len(titles) != len(set(titles)) or len(titles) != len(self.articles):
            found.append(f"{len(titles)} articles, {len(set(titles))} different ones, {len(self.articles)} published")
        if wanted is not None and sorted(titles) != wanted:
            found.append("other articles than those published")
        if self.rows("SELECT count(*) FROM revisions WHERE number > 1") != [(0,)]:
            found.append("an article that did not change was stored again")
        numbers = [seq for (seq,) in self.rows("SELECT seq FROM changes ORDER BY seq")]
        if numbers != list(range(1, len(numbers) + 1)):
            found.append("the ledger has gaps")
        return found + self.bursts()

    def bursts(self, apart: float = SPACING) -> list[str]:
        """Requests to the domain that were closer than it wants, as they arrived at the press."""
        at = sorted(seen.at for seen in self.press.requests)
        return [
            f"2 requests within {later - earlier:.3f} s" for earlier, later in pairwise(at) if later - earlier < apart
        ]

    def crowds(self, seconds: float, most: int = AT_ONCE) -> list[str]:
        """Requests for feeds that were under way while as many as may be were. `seconds`: so long, or longer, the press
        takes for each.
        """
        at = sorted(seen.at for seen in self.press.requests if "feed" in seen.path)
        found = [later - earlier for earlier, later in zip(at, at[most:], strict=False)]
        return [f"{most + 1} requests within {gap:.3f} s" for gap in found if gap < seconds]

    def polls(self) -> int:
        """How many requests for feeds there were."""
        return sum(self.polls_of_source().values())

    def polls_of_source(self) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for seen in self.press.requests:
            if "feed" in seen.path:
                counts[f"{seen.host}{seen.path}"] += 1
        return counts


def url_of(place: PostgresPlace) -> str:
    """As `--db` takes it."""
    said = conninfo_to_dict(place.url)
    host = quote(str(said["host"]), safe="")
    return f"postgresql://{said['user']}@/{said['dbname']}?host={host}&port={said['port']}"
