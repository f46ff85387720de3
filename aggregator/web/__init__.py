"""What the wire publishes over HTTP: feeds and the API. Every word of a report in it comes through the gate.

One process answers from a database that it opens for reading alone, beside any number of others and one daemon.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.types import ASGIApp

from aggregator.web.app import make_app
from aggregator.web.following import Following, Pace

__all__ = ["ASGIApp", "Following", "Pace", "Starlette", "make_app"]
