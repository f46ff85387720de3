"""What saved searches cost a pass, and how soon and with what memory alerts are sent: `python -m bench.alerts`.

A cold pass, as `bench.feeds` makes it, without saved searches and with 200 of them, in turn: the medians of processor
time, and the difference. Then one daemon with its server, and one search of which five schedules, a webhook and a feed
are: seconds from the commit of a change to the message, and the memory of all its processes.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from aiosmtpd.controller import Controller

from aggregator.demo import Press
from aggregator.demo.sites import generate_feed, generated_entries
from aggregator.store import Store
from aggregator.text.dates import utc_now
from aggregator.text.folding import fold
from aggregator.text.separators import words_of
from bench.contenders import CONTENDERS, Setting
from bench.delivery_webhooks import Changes
from bench.delivery_webhooks import Wire as WebhookWire
from bench.measuring import Cost, family, machine, measured, megabytes, memory, say, table
from bench.serving import free_port, serve
from bench.world import make_config, make_feeds

SEARCHES = 200
_SAMPLE = 20  # feeds whose words are counted
_RARE, _USUAL = 0.01, 0.03  # shares of the reports that have a word: less than the one, more than the other
_SEED = 20
_SECONDS = 30.0
_SEARCH, _NAME, _HOST = "some", "partner", "one.example"
_FILE = 'url = "http://127.0.0.1:{port}/"\nsecret = "${{BENCH_SECRET}}"\nformat = "report"\nsearch = "some"\n'
_MAIL = '\n[mail]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nfrom = "wire@wire.example"\n'
_TELLS = """
words = "{words}"
[[tell]]
email = "desk@wire.example"
[[tell]]
email = "hourly@wire.example"
when = "hourly"
[[tell]]
email = "daily@wire.example"
when = "daily"
zone = "Africa/Bamako"
[[tell]]
email = "weekly@wire.example"
when = "weekly"
[[tell]]
email = "tokyo@wire.example"
when = "daily"
zone = "Asia/Tokyo"
"""


# A cold pass


def sample() -> list[frozenset[str]]:
    """The words of each of some generated reports."""
    return [
        frozenset(
            word for each in (entry.title, entry.summary, *entry.content) if each for word in words_of(fold(each.value))
        )
        for seed in range(_SAMPLE)
        for entry in generated_entries(seed, 50, utc_now(), 0)
    ]


def of_rare_words(reports: Sequence[frozenset[str]]) -> list[str]:
    """Searches for words that few reports have: one, one of two, both, the beginning of one, one without another."""
    counts = Counter(word for words in reports for word in words)
    chosen = sorted(word for word, count in counts.items() if count / len(reports) < _RARE and len(word) > 2)
    of = random.Random(_SEED)
    return [_FORMS[number % len(_FORMS)](*of.sample(chosen, 2)) for number in range(SEARCHES)]


def of_usual_words(reports: Sequence[frozenset[str]]) -> list[str]:
    """Searches for a word that very many reports have, beside the beginning of a number that few of them have: each
    finds some reports of a hundred, and is tried on each of a language.
    """
    counts = Counter(word for words in reports for word in words)
    usual = sorted(word for word, count in counts.items() if count / len(reports) >= _USUAL and word.isalpha())
    of = random.Random(_SEED)
    return [f"{of.choice(usual)} {of.randint(10, 99)}*" for _ in range(SEARCHES)]


_FORMS: Sequence[Callable[[str, str], str]] = (
    lambda one, other: one,
    lambda one, other: f"{one} OR {other}",
    lambda one, other: f"{one} {other}",
    lambda one, other: f"{one[:5]}* OR {other}",
    lambda one, other: f"{one} -{other}",
)


@dataclass(frozen=True, slots=True)
class Pass:
    run: int
    searches: str
    cost: Cost
    hits: int


def passes(folder: Path, feeds: int, runs: int) -> Iterator[Pass]:
    made, port, ours = make_feeds(folder / "feeds", feeds), free_port(), CONTENDERS["aggregator"]
    reports = sample()
    sets = {"none": [], "rare words": of_rare_words(reports), "usual words": of_usual_words(reports)}
    made.show_first()
    with serve(made.served, folder / "server", port) as _:
        for run in range(runs):
            names = [*sets][run % len(sets) :] + [*sets][: run % len(sets)]
            for name in names:
                place = folder / f"{run}-{name.replace(' ', '-')}"
                place.mkdir()
                setting = Setting(place, [f"http://127.0.0.1:{port}/{feed}" for feed in made.names], sys.executable)
                ours.prepare(setting)
                if sets[name]:
                    (place / "config" / "searches").mkdir()
                for number, words in enumerate(sets[name]):
                    file = place / "config" / "searches" / f"search-{number:03}.toml"
                    file.write_text(f"words = '{words}'\n")
                cost = measured(ours.command(setting), folder=Path(__file__).parents[1], log=place / "log")
                with closing(sqlite3.connect(f"file:{place / 'wire.db'}?mode=ro", uri=True)) as connection:
                    (stored,) = connection.execute("SELECT count(*) FROM articles").fetchone()
                    (hits,) = connection.execute("SELECT count(*) FROM hits").fetchone()
                if stored < made.entries:
                    raise SystemExit(f"{stored} of {made.entries} articles were stored")
                say(f"  {name:11} {cost.wall:6.2f} s wall {cost.cpu:6.2f} s cpu, {hits / stored:.2f} hits a report")
                yield Pass(run, name, cost, hits)


def rows_of(taken: Sequence[Pass]) -> Iterator[tuple[object, ...]]:
    """A row for each set of searches, medians."""
    without = statistics.median(each.cost.cpu for each in taken if each.searches == "none")
    for name in dict.fromkeys(sorted(each.searches for each in taken)):
        of = [each for each in taken if each.searches == name]
        cpu = statistics.median(each.cost.cpu for each in of)
        cost = f"{cpu / without - 1:+.1%}" if name != "none" else "-"
        yield name, len(of), of[0].hits, cpu, cost, megabytes(statistics.median(each.cost.peak for each in of))


# Alerts


@dataclass
class Mailbox:
    """What aiosmtpd takes: to whom, and when."""

    taken: list[tuple[str, float]] = field(default_factory=list)

    async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
        self.taken += [(to, time.time()) for to in envelope.rcpt_tos]  # type: ignore[attr-defined]
        return "250 OK"


@dataclass
class Wire(WebhookWire):
    """Its daemon serves, too."""

    served: int = field(default_factory=free_port)

    def start_daemon(self) -> None:
        with (self.folder / "daemon.log").open("ab") as log:
            command = self._command("run", "--serve", "--listen", f"127.0.0.1:{self.served}")
            self.daemon = self.start(command, env=self._environment(), stderr=log)

    def await_server(self) -> None:
        """Until its daemon serves."""
        end = time.monotonic() + _SECONDS
        while b"serving" not in (self.folder / "daemon.log").read_bytes():
            if time.monotonic() > end:
                raise SystemExit("the daemon does not serve")
            time.sleep(0.05)

    def listed(self) -> bytes:
        with urlopen(f"http://127.0.0.1:{self.served}/feeds/searches/{_SEARCH}.json", timeout=10) as answer:
            return bytes(answer.read())


@contextmanager
def alerting(folder: Path) -> Iterator[tuple[Wire, Mailbox]]:
    """A daemon with one search that finds all reports of a publisher."""
    box, mail_port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=mail_port)
    controller.start()
    try:
        with Press(now=utc_now()) as press:
            wire = Wire(folder, subprocess.Popen)
            try:
                _configure(wire, press, mail_port)
                wire.start_server()
                wire.start_daemon()
                yield wire, box
            finally:
                wire.end()
    finally:
        controller.stop()


def _configure(wire: Wire, press: Press, mail_port: int) -> None:
    """Its reports are fetched, and the search has found them: the first mail is sent."""
    reports = generated_entries(1, 30, utc_now(), 0)
    of_each = [
        {word for text in entry.content for word in words_of(fold(text.value)) if len(word) > 3} for entry in reports
    ]
    wanted: list[str] = []
    while rest := [words for words in of_each if words.isdisjoint(wanted)]:  # words of which every report has one
        wanted.append(Counter(word for words in rest for word in words).most_common(1)[0][0])
    press.set_document(_HOST, "/feed", generate_feed(1, 30, now=utc_now()))
    config = make_config(wire.folder / "config", [("one", f"{press.url}/{_HOST}/feed")])
    with (config / "wire.toml").open("a", encoding="utf-8") as file:
        file.write(_MAIL.format(port=mail_port))
    (config / "searches").mkdir()
    (config / "searches" / f"{_SEARCH}.toml").write_text(_TELLS.format(words=" OR ".join(wanted)))
    (config / "subscribers").mkdir()
    (config / "subscribers" / f"{_NAME}.toml").write_text(_FILE.format(port=wire.port))
    wire.run("fetch")


def latencies(wire: Wire, box: Mailbox, changes: int) -> dict[str, list[float]]:
    """Seconds from the commit of a change to each who gets it, one change at a time, at random moments. A report that
    was sent is withheld, and all are restored in turn.
    """
    chance, found = random.Random(1), {"e-mail": list[float](), "webhook": list[float](), "feed": list[float]()}
    with Store.open(wire.database) as store:
        making = Changes(store)
        for _ in range(changes):
            mails, listed = len(box.taken), wire.listed()
            number = making.make()
            committed = time.time()
            at: dict[str, float] = {}
            while len(at) < len(found):
                if time.time() > committed + _SECONDS:
                    raise SystemExit(f"{found.keys() - at.keys()}: nothing came of change {number}")
                if len(box.taken) > mails:
                    at.setdefault("e-mail", box.taken[mails][1])
                for came, moment in wire.received()[-20:]:
                    if came == number:
                        at.setdefault("webhook", moment)
                if "feed" not in at and wire.listed() != listed:
                    at["feed"] = time.time()
                time.sleep(0.02)
            for name, moment in at.items():
                found[name].append(moment - committed)
            time.sleep(chance.uniform(0, 1))
    return found


def of_alerts(folder: Path, changes: int) -> tuple[dict[str, list[float]], int]:
    """The latencies, and the memory of daemon and server with all their processes, in bytes."""
    with alerting(folder) as (wire, box):
        wire.await_server()
        if {to for to, _ in box.taken} != {"desk@wire.example"}:
            raise SystemExit(f"the first mail went to {box.taken}")
        found = latencies(wire, box, changes)
        assert wire.daemon is not None
        return found, sum(map(memory, family(wire.daemon.pid)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=300, help="0: no pass is measured")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--changes", type=int, default=20, help="0: alerts are not measured")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    figures: dict[str, object] = {"machine": machine()}
    with tempfile.TemporaryDirectory(prefix="bench-alerts-") as work:
        if chosen.feeds:
            taken = list(passes(Path(work), chosen.feeds, chosen.runs))
            rows = list(rows_of(taken))
            print(table((f"{SEARCHES} searches for", "passes", "hits", "CPU s", "more", "peak MB"), rows))
            figures["passes"] = rows
        if chosen.changes:
            place = Path(work) / "alerts"
            place.mkdir()
            found, used = of_alerts(place, chosen.changes)
            of_ways = [(name, statistics.median(took), max(took)) for name, took in found.items()]
            print(table(("way", "median s", "worst s"), of_ways))
            print(f"memory of daemon and server: {megabytes(used):.0f} MB")
            figures["alerts"] = {"ways": of_ways, "memory": used}
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
