"""Writes the expected file of every format and kind of alert: `python -m tests.make_expected`, after a change that is
meant.

Look at the difference before it is committed: subscribers see it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from aggregator.config.codes import country_name, language_name
from aggregator.model import Config
from aggregator.output import static
from aggregator.output.formats import FORMATS
from aggregator.store import Store
from tests.alerts import mails
from tests.every_profile import let_out, stored

EXPECTED = Path(__file__).parent / "fixtures" / "output"
# Of the pages of a site those that show most: a list, a corrected report, one with a picture, and what was taken back.
_PAGES = ("index", "publishers", "about")
_REPORTS = ("إغلاق الجسر", "Bridge closed", "legal demand")


def expected(name: str) -> Path:
    return EXPECTED / f"reports.{FORMATS[name].suffix}"


def rendered(store: Store, config: Config) -> Iterator[tuple[Path, bytes]]:
    """The expected file of each format, and what is in it."""
    for name, form in FORMATS.items():
        found = let_out(store, config, "feed" if form.is_feed else "api")
        yield expected(name), b"".join(form.render(found))


def pages(store: Store, config: Config, folder: Path) -> Iterator[tuple[Path, bytes]]:
    """The same of pages of a site, which is written into the folder."""
    static.write(let_out(store, config, "web"), None, folder, static.Names(country_name, language_name))
    reports = {path: path.read_text("utf-8") for path in sorted((folder / "report").iterdir())}
    shown = [next(path for path, said in reports.items() if words in said) for words in _REPORTS]
    for path in (*(folder / f"{name}.html" for name in _PAGES), *shown):
        yield EXPECTED / "site" / path.name, path.read_bytes()


def main() -> None:
    (EXPECTED / "site").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, stored(Path(folder)) as (store, config):
        for path, said in (*rendered(store, config), *pages(store, config, Path(folder) / "site")):
            path.write_bytes(said)
    mails.FOLDER.mkdir(exist_ok=True)
    for name, text in mails.expected().items():
        (mails.FOLDER / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
