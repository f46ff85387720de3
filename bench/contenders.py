"""Those that are measured side by side, each as a user would run it: this project, reader and newsboat.

A contender is a row of CONTENDERS: how its folder is made ready (not measured), the command of a pass (measured), and
what it stored. A peer is never a dependency of the project; one that is not installed says so.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.world import make_config

_HERE = Path(__file__).parent
_WORKERS = 20
_NEWSBOAT = f"""\
reload-threads {_WORKERS}
max-items 0
keep-articles-days 0
refresh-on-startup no
auto-reload no
suppress-first-reload yes
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a contender works, and on what."""

    folder: Path
    urls: Sequence[str]
    python: str  # of the environment that holds reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    prepare: Callable[[Setting], None]
    command: Callable[[Setting], list[str]]
    database: str  # the file's name in the folder
    count: str  # SQL: the articles stored
    version: Callable[[str], str | None]  # given the Python of `Setting`; None: not installed


def aggregator() -> list[str]:
    """The command as a user calls it: the installed script, or the checkout's module where it is not installed."""
    script = shutil.which("aggregator", path=str(Path(sys.executable).parent))
    return [script] if script else [sys.executable, "-m", "aggregator"]


def _ours_prepare(setting: Setting) -> None:
    make_config(setting.folder / "config", ((f"site-{number:05}", url) for number, url in enumerate(setting.urls)))


def _ours_command(setting: Setting) -> list[str]:
    where = ["--config", str(setting.folder / "config"), "--db", str(setting.folder / "wire.db")]
    return [*aggregator(), *where, "fetch", "--all"]


def _ours_version(_: str) -> str:
    return _said([*aggregator(), "--version"]) or "unknown"


def _reader_prepare(setting: Setting) -> None:
    """The feeds are added before the clock starts, in reader's favour."""
    (setting.folder / "urls").write_text("\n".join(setting.urls))
    command = [setting.python, str(_HERE / "reader_run.py"), "add", str(setting.folder)]
    subprocess.run(command, check=True, cwd=setting.folder)


def _reader_command(setting: Setting) -> list[str]:
    return [setting.python, str(_HERE / "reader_run.py"), "update", str(setting.folder), str(_WORKERS)]


def _reader_version(python: str) -> str | None:
    return _said([python, "-c", "import reader, sgmllib; print('reader', reader.__version__)"])


def _newsboat_prepare(setting: Setting) -> None:
    (setting.folder / "urls").write_text("\n".join(setting.urls) + "\n")
    (setting.folder / "config").write_text(_NEWSBOAT)


def _newsboat_command(setting: Setting) -> list[str]:
    place = setting.folder
    files = [f"--url-file={place}/urls", f"--cache-file={place}/cache.db", f"--config-file={place}/config"]
    return ["newsboat", *files, "-x", "reload"]


def _newsboat_version(_: str) -> str | None:
    said = _said(["newsboat", "--version"]) if shutil.which("newsboat") else None
    return said.splitlines()[0].partition(" - ")[0] if said else None


def _said(command: list[str]) -> str | None:
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=_HERE.parent)
    return ended.stdout.strip() if ended.returncode == 0 else None


CONTENDERS: Mapping[str, Contender] = {
    "aggregator": Contender(
        prepare=_ours_prepare,
        command=_ours_command,
        database="wire.db",
        count="SELECT count(*) FROM articles",
        version=_ours_version,
    ),
    "reader": Contender(
        prepare=_reader_prepare,
        command=_reader_command,
        database="reader.db",
        count="SELECT count(*) FROM entries",
        version=_reader_version,
    ),
    "newsboat": Contender(
        prepare=_newsboat_prepare,
        command=_newsboat_command,
        database="cache.db",
        count="SELECT count(*) FROM rss_item",
        version=_newsboat_version,
    ),
}


def stored(contender: Contender, folder: Path) -> int:
    """How many articles it holds."""
    connection = sqlite3.connect(f"file:{folder / contender.database}?mode=ro", uri=True)
    try:
        (count,) = connection.execute(contender.count).fetchone()
    finally:
        connection.close()
    return int(count)
