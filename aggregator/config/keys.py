"""How the key of a publisher, a source, a search or a subscriber is written."""

from __future__ import annotations

import re

KEY = re.compile("[a-z0-9][a-z0-9-]*")  # of a publisher and of a source: it stands in addresses and on command lines
KEY_EXPECTED = "small letters a-z, digits and hyphens"
