"""What the demo shows of a wire over HTTP: its addresses, and what they answer."""

from __future__ import annotations

import html
import json
import re
import sys
import threading
from contextlib import suppress
from http.client import HTTPConnection
from types import MappingProxyType

import click

from aggregator.cli.printing import say
from aggregator.cli.serve import answering, opened
from aggregator.pipeline.paths import Paths
from aggregator.text.printable import counted

_FRONT = "/"
# What can be opened, and of what there is one a report in the answer.
_ADDRESSES = MappingProxyType(
    {
        _FRONT: b"<article",
        "/feeds/latest.atom": b"<entry",
        "/feeds/latest.rss": b"<item>",
        "/feeds/latest.json": b'"content_html": ',
        "/feeds/country/ke.atom": b"<entry",
        "/api/reports?limit=5": b'"words_hash": ',
        "/api/reports?search=mbalawe": b'"words_hash": ',
        "/api/openapi.json": None,
    }
)
_SECONDS = 20  # that an answer may take


def show_served(paths: Paths) -> None:
    """Serves the wire: in a terminal until Ctrl-C, else for as long as it takes to ask each address once. Raises
    click.ClickException where one does not answer.
    """
    server, listening, _ = opened(paths, "127.0.0.1:0")
    host, port = listening.getsockname()
    with answering(server, listening):
        for path, each in _ADDRESSES.items():
            say(f"  http://{host}:{port}{path}")
            say(f"    {_answer(host, port, path, each)}")
        if sys.stdin.isatty() and sys.stdout.isatty():
            with suppress(KeyboardInterrupt):
                say(f"The front page is at http://{host}:{port}{_FRONT}; it is served until Ctrl-C.", bold=True)
                threading.Event().wait()


def _answer(host: str, port: int, path: str, each: bytes | None) -> str:
    """What came, in short; and that it does not come twice to who has it."""
    connection = HTTPConnection(host, port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body, status, kind = answer.read(), answer.status, answer.headers.get_content_type()
        tag = answer.headers.get("ETag")
        if status == 200 and tag:
            connection.request("GET", path, headers={"If-None-Match": tag})
            second = connection.getresponse()
            second.read()
    except OSError as error:
        raise click.ClickException(f"http://{host}:{port}{path}: it does not answer: {error}") from error
    finally:
        connection.close()
    if status != 200:
        raise click.ClickException(f"http://{host}:{port}{path}: expected 200, found {status}")
    what = (
        counted(body.count(each), "report") if each else counted(len(json.loads(body)["paths"]), "address", "addresses")
    )
    if path == _FRONT:
        found = re.search(r"<title>(.*?)</title>", body.decode(), re.DOTALL)
        what = f"“{html.unescape(found[1]) if found else ''}”, {what}"
    again = f"; asked again with its ETag: {second.status}" if tag else ""
    return f"{status} {kind}, {what}, {len(body):,} bytes{again}"
