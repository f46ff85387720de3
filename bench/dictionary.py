"""What the dictionary of our own costs in bytes, beside one learnt from publishers: `python -m bench.dictionary`.

Packed as revisions are, one entry at a time: the demo's invented press, generated feeds and, where there are any, a
folder of real feed files. A dictionary learnt from an entry packs that entry best; what it does for others is the fair
figure.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import zstandard

from aggregator.demo import generate_feed, read_sites
from aggregator.demo.sites.world import entry, standing
from aggregator.model import FetchResult, Source
from aggregator.model.errors import ParseError
from aggregator.parse import parse
from aggregator.text import raw_words
from aggregator.text.packing import shipped
from bench.measuring import say, table

_ROOT = Path(__file__).parents[1]
_NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
_LEVEL = 3  # as in aggregator.text.packing
_LEARNT_BYTES, _LEARNT_FROM = 65_536, 1_000  # as before: the newest thousand revisions
_FEEDS = 60
_SOURCE = Source(publisher="sample", key="feed", url="http://sample.example/feed")


def demo() -> list[bytes]:
    """Every version of every report of the demo's press."""
    sites = read_sites(_ROOT / "data" / "demo" / "press")
    said = (
        raw_words.encode(entry(site, report, _NOW))
        for site in sites
        for at in range(8)
        for report in standing(site, at)
    )
    return list(dict.fromkeys(said))


def generated() -> list[bytes]:
    return [said for seed in range(_FEEDS) for said in _entries(generate_feed(seed, 30, now=_NOW))]


def real(folder: Path) -> list[bytes]:
    """The entries of the folder's feeds; of every second feed first, so that halves are of different publishers."""
    feeds = [path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in (".xml", ".json")]
    return [said for body in (*feeds[::2], *feeds[1::2]) for said in _entries(body)]


def _entries(body: bytes) -> Iterator[bytes]:
    result = FetchResult(url=_SOURCE.url, http_status=200, headers={}, body=body)
    try:
        yield from map(raw_words.encode, parse(result, _SOURCE).entries)
    except ParseError:
        return


def ratio(words: Sequence[bytes], dictionary: bytes | None) -> float:
    """How many times smaller the words are when each is packed alone."""
    learnt = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    pack = zstandard.ZstdCompressor(level=_LEVEL, dict_data=learnt).compress
    return sum(map(len, words)) / sum(len(pack(said)) for said in words)


def learnt(words: Sequence[bytes]) -> bytes:
    step = max(1, len(words) // _LEARNT_FROM)
    return bytes(zstandard.train_dictionary(_LEARNT_BYTES, list(words[::step])).as_bytes())


def measure(words: Sequence[bytes]) -> tuple[float, ...]:
    """The ratios: without a dictionary, with ours, with one learnt from the same entries, and the first three again of
    the second half alone, where that one was learnt from the first.
    """
    first, second = words[: len(words) // 2], words[len(words) // 2 :]
    whole = (ratio(words, None), ratio(words, shipped()), ratio(words, learnt(words)))
    return (*whole, ratio(second, None), ratio(second, shipped()), ratio(second, learnt(first)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=_ROOT.parent / "shared" / "feeds", help="of real feeds")
    parser.add_argument("--json", type=Path, help="write the figures here")
    chosen = parser.parse_args()
    kinds = {"demo": demo(), "generated": generated()}
    if chosen.folder.is_dir():
        kinds["real"] = real(chosen.folder)
    else:
        say(f"SKIPPED: real feeds; there is no folder {chosen.folder}")
    figures = {name: measure(words) for name, words in kinds.items()}
    heads = ("entries", "count", "kB", "none", "ours", "learnt from them")
    halves = ("second half: none", "ours", "learnt from the first half")
    rows = [(name, len(words), sum(map(len, words)) / 1000, *figures[name]) for name, words in kinds.items()]
    print(f"Times smaller, zstd level {_LEVEL}; ours is {len(shipped())} bytes, those learnt {_LEARNT_BYTES} at most\n")
    print(table((*heads, *halves), rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
