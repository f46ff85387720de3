"""What is measured upon: generated feeds in a folder, and a configuration that polls them."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aggregator.demo.sites import generate_feed

FEWEST, MOST = 10, 50  # items of a feed
NEW_ITEMS = 2  # on top of a feed that has changed
CHANGED_ONE_IN = 20
_NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
# Of ten publishers: seven with RSS 2.0 and full text, two with Atom 1.0, one with RSS 1.0.
_FORMATS = ("rss20-full",) * 7 + ("atom10",) * 2 + ("rss10",)
_DAY = 86_400

_WIRE = """\
name = "Bench Wire"
url = "https://wire.example/"
publisher = "bench-wire"
user_agent = "BenchWire/1.0 (+https://wire.example/bot)"
robots_token = "BenchWire"
complaints_url = "https://wire.example/contact"
complaints_email = "desk@wire.example"
[fetch]
{fetch}
allow_addresses = ["127.0.0.0/8"]
"""
_RIGHTS = """\
[agreement]
relationship = "partner"
basis = "agreement"
text_scope = "full_text"
credit = "{publisher}"
copyright_notice = "© {publisher}"
[own]
relationship = "own"
basis = "own"
text_scope = "full_text"
credit = "{wire}"
copyright_notice = "© {wire}"
"""
_PUBLISHER = """\
name = "{name}"
place = "Bamako"
country = "{country}"
kind = "{kind}"
languages = ["en", "fr", "pt", "sw", "ar", "am"]
homepage = "http://{key}.example/"
rights_profile = "{profile}"
"""
# One host serves all, so the limits that protect a publisher's host are lifted.
ONE_HOST = "per_domain_concurrency = 64\nper_domain_seconds = 0"


@dataclass(frozen=True, slots=True)
class Feeds:
    """Generated feeds: `served` is what the server shows, `first` and `later` are the two versions of their files."""

    first: Path
    later: Path  # only of those that change
    served: Path
    names: tuple[str, ...]
    entries: int  # in the first version
    entries_later: int  # that ever stood in either version
    bytes: int

    def show_first(self) -> None:
        """The served files are the first version again."""
        for path in self.first.iterdir():
            _show(path, self.served / path.name, time.time() - _DAY)

    def show_later(self) -> None:
        """One feed of twenty has new items."""
        for path in self.later.iterdir():
            _show(path, self.served / path.name, time.time())


def _show(path: Path, served: Path, modified: float) -> None:
    shutil.copyfile(path, served)
    os.utime(served, (modified, modified))


def make_feeds(folder: Path, count: int) -> Feeds:
    """Writes `count` feeds of FEWEST to MOST items, the same for the same count."""
    first, later, served = (folder / name for name in ("first", "later", "served"))
    for path in (first, later, served):
        path.mkdir(parents=True)
    sizes = [random.Random(seed).randint(FEWEST, MOST) for seed in range(count)]
    names = tuple(f"feed-{seed:05}.xml" for seed in range(count))
    written, changed = 0, range(0, count, CHANGED_ONE_IN)
    for seed, (name, size) in enumerate(zip(names, sizes, strict=True)):
        chosen = _FORMATS[seed % len(_FORMATS)]
        written += (first / name).write_bytes(generate_feed(seed, size, now=_NOW, format=chosen))
        if seed in changed:
            (later / name).write_bytes(generate_feed(seed, size, now=_NOW, version=NEW_ITEMS, format=chosen))
    entries = sum(sizes)
    return Feeds(first, later, served, names, entries, entries + NEW_ITEMS * len(changed), written)


def make_config(folder: Path, urls: Iterable[tuple[str, str]], fetch: str = ONE_HOST) -> Path:
    """Writes a configuration with one publisher an address, as a directory of news sites has. `urls`: pairs of the
    publisher's key and the address; `fetch`: lines of `[fetch]`.
    """
    publishers = folder / "publishers"
    (publishers / "ml").mkdir(parents=True)
    (folder / "wire.toml").write_text(_WIRE.format(fetch=fetch))
    (folder / "rights.toml").write_text(_RIGHTS)
    own = _PUBLISHER.format(key="bench-wire", name="Bench Wire", country="XA", kind="own", profile="own")
    (publishers / "bench-wire.toml").write_text(own)
    for key, url in urls:
        said = _PUBLISHER.format(key=key, name=key, country="ML", kind="newspaper", profile="agreement")
        (publishers / "ml" / f"{key}.toml").write_text(f'{said}[[source]]\nurl = "{url}"\n')
    return folder
