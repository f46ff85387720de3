"""The tests of a room are a package of its name; those of several rooms stand beside them."""

import os
from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]

for name in ("AGGREGATOR_CONFIG", "AGGREGATOR_DB"):  # the wire of whoever runs the tests
    os.environ.pop(name, None)
