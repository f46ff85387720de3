"""Writes the expected file of every format and kind of alert: `python -m tests.make_expected`, after a change that is
meant.

Look at the difference before it is committed: subscribers see it.
"""

from __future__ import annotations

from pathlib import Path

from aggregator.output.formats import FORMATS
from tests.alerts import mails
from tests.releases import feed

EXPECTED = Path(__file__).parent / "fixtures" / "output"


def expected(name: str) -> Path:
    return EXPECTED / f"reports.{FORMATS[name].suffix}"


def main() -> None:
    EXPECTED.mkdir(exist_ok=True)
    for name, one in FORMATS.items():
        expected(name).write_bytes(b"".join(one.render(feed())))
    mails.FOLDER.mkdir(exist_ok=True)
    for name, text in mails.expected().items():
        (mails.FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
