"""A subscriber of the demo: follows the changes of the wire over HTTP while they happen, as any program may."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import click

from aggregator.cli.printing import say
from aggregator.cli.serve import answering, opened
from aggregator.pipeline.paths import Paths
from aggregator.text.printable import counted

_PATH = "/api/changes/stream?after=0"
_SECONDS = 20  # that a line may take
_SHOWN = ("corrected", "withdrawn", "restored", "deleted")  # of the kinds; new ones are too many


@dataclass
class Listener:
    """What it received, in order."""

    lines: list[Mapping[str, Any]] = field(default_factory=list)
    _has_more: threading.Condition = field(default_factory=threading.Condition)

    def follow(self, connection: HTTPConnection) -> None:
        """Reads server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) until they end."""
        kind = ""
        with suppress(OSError, HTTPException):
            connection.request("GET", _PATH)
            for line in connection.getresponse():
                if line.startswith(b"event:"):
                    kind = line[6:].strip().decode()
                elif line.startswith(b"data:") and kind not in ("heartbeat", "closed"):
                    with self._has_more:
                        self.lines.append(json.loads(line[5:]))
                        self._has_more.notify()

    def show(self, last: int) -> None:
        """Says what came, once the line of this number has. Raises click.ClickException where it does not come."""
        with self._has_more:
            if not self._has_more.wait_for(lambda: self.lines and self.lines[-1]["seq"] >= last, _SECONDS):
                raise click.ClickException(f"the subscriber did not receive line {last} of the ledger; see the log")
        kinds = Counter(line["change_kind"] for line in self.lines)
        said = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        say(f"GET {_PATH}: {counted(len(self.lines), 'line')} up to number {last} ({said})")
        for line in self.lines:
            if line["change_kind"] in _SHOWN:
                say(f"  {line['seq']:>5}  {line['change_kind']:<10} {line['publisher_name']}: {_said(line)}")


def _said(line: Mapping[str, Any]) -> str:
    if line["report"] is None:
        return f"take {line['id']} down: no word of it leaves any more"
    return str(line["title"] or line["id"])


@contextmanager
def subscribed(paths: Paths) -> Iterator[Listener]:
    """The wire served on this machine, and one who listens to it."""
    server, listening, _ = opened(paths, "127.0.0.1:0")
    listener = Listener()
    with answering(server, listening):
        connection = HTTPConnection(*listening.getsockname()[:2])
        thread = threading.Thread(target=listener.follow, args=(connection,), name="subscriber", daemon=True)
        thread.start()
        yield listener
    thread.join(_SECONDS)
    connection.close()
