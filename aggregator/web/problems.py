"""What went wrong with a request, as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.responses import Response

from aggregator.model.errors import AggregatorError, CursorError, SearchError
from aggregator.text.printable import as_json
from aggregator.web.messages import N_

log = logging.getLogger("aggregator.web")

MEDIA_TYPE = "application/problem+json"
NO_LINE = "the wire does not have the line of this cursor"
READ_ANEW = "its database was restored, or the cursor is of another wire: forget what you hold and read everything anew"


class Problem(Exception):
    """A request that is answered with a status of 400 or more. Pages show `title` and `detail` in the
    reader's language, as far as the catalogues have them.
    """

    def __init__(self, status: int, title: str, detail: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(title)
        self.status, self.title, self.detail, self.headers = status, title, detail, dict(headers or {})


def words(status: int, title: str, detail: str = "") -> str:
    """JSON of one line."""
    return as_json({"type": "about:blank", "title": title, "status": status, **({"detail": detail} if detail else {})})


def response(status: int, title: str, detail: str = "", headers: Mapping[str, str] | None = None) -> Response:
    said = words(status, title, detail) + "\n"
    return Response(said, status, {"Cache-Control": "no-store", **(headers or {})}, media_type=MEDIA_TYPE)


def found_in(error: Exception) -> Problem:
    """What is said of an exception that a request ended with."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        titles = {404: N_("nothing is published at this address"), 405: N_("this address takes other methods")}
        return Problem(error.status_code, titles.get(error.status_code, error.detail), "", error.headers)
    assert isinstance(error, AggregatorError)
    return problem_of(error)


def problem_of(error: AggregatorError) -> Problem:
    """What a client asked for cannot be; or the database or the configuration cannot be read, and an operator sees why
    in the log.
    """
    if isinstance(error, CursorError):
        return Problem(410, NO_LINE, READ_ANEW)
    if isinstance(error, SearchError):
        return Problem(400, "a parameter cannot be understood", str(error))
    log.error("a request was refused: %s", error)
    return Problem(503, "the wire cannot be read now", "try again in a minute", {"Retry-After": "60"})
