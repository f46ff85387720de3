"""The configuration that the project ships, read once: its two thousand files take most of a second."""

from __future__ import annotations

from functools import cache

from aggregator.config.loading import load
from aggregator.model import Config
from tests import ROOT


@cache
def shipped() -> Config:
    return load(ROOT / "config")
