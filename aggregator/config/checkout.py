"""What of a checkout's configuration is its user's own, and not only what the catalogue has anyway."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct

from aggregator.config import catalogue
from aggregator.config.files import publisher_files, subscriber_files
from aggregator.config.toml import read_toml


class Copies(Struct, frozen=True):
    """What is to be copied."""

    contents: Mapping[str, bytes]  # by the names of the files
    left: int  # publishers that are as the catalogue has them, and of which there is no report


def to_copy(folder: Path, reported: Collection[str]) -> Copies:
    """wire.toml, rights.toml, the files of subscribers, and those of publishers that are `reported`, the wire's own, or
    other than in the catalogue. Those that are as in the catalogue become its copies. Raises ConfigError, and OSError
    for a file that cannot be read.
    """
    own = read_toml(folder, "wire.toml").get("publisher")
    contents: dict[str, bytes] = {}
    left = 0
    for name in publisher_files(folder):
        content, key = (folder / name).read_bytes(), PurePosixPath(name).stem
        shipped = catalogue.texts().get(name)
        is_shipped = shipped is not None and content.replace(b"\r\n", b"\n") == shipped.encode()
        if key == own or not is_shipped:
            contents[name] = content
        elif key in reported:
            contents[name] = catalogue.copied(catalogue.listed(key)).encode()
        else:
            left += 1
    for name in (*subscriber_files(folder), "rights.toml", "wire.toml"):
        contents[name] = (folder / name).read_bytes()
    return Copies(contents, left)
