"""The tests of a room are a package of its name; those of several rooms stand beside them."""

from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]
