"""By which way a report leaves."""

from __future__ import annotations

from typing import Literal

Channel = Literal["web", "feed", "api", "email"]
