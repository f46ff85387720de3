"""`python -m tests.make_catalogue` makes the catalogue of the package of config/; so does `make catalogue`."""

from __future__ import annotations

from aggregator.config.catalogue import FILE, packed
from aggregator.config.files import publisher_files
from tests import ROOT


def files() -> dict[str, str]:
    """The shipped configuration by the names of its files."""
    folder = ROOT / "config"
    names = ["wire.toml", "rights.toml", *publisher_files(folder)]
    return {name: (folder / name).read_text(encoding="utf-8") for name in names}


if __name__ == "__main__":
    FILE.write_bytes(packed(files()))
