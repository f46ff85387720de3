"""One pass of the peer `reader`, in a fresh process of the environment that holds it; imports nothing of ours."""

from __future__ import annotations

import sys
from pathlib import Path

from reader import make_reader


def main(what: str, folder: str, workers: str = "1") -> None:
    with make_reader(str(Path(folder) / "reader.db")) as reader:
        if what == "add":
            for url in (Path(folder) / "urls").read_text().split():
                reader.add_feed(url)
        else:
            reader.update_feeds(scheduled=False, workers=int(workers))


if __name__ == "__main__":
    main(*sys.argv[1:])
