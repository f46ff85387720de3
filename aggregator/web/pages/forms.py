"""Forms that people send: `application/x-www-form-urlencoded`, read within bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from aggregator.web.problems import Problem

_MEDIA_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 100


async def posted(request: Request, known: Sequence[str]) -> Mapping[str, str]:
    """The fields of a form, by name, with line ends of one kind and without white space around; of a name that is sent
    twice the last. Fields that are not known are left out. How large the body may be is for `Guards`. Raises Problem.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _MEDIA_TYPE:
        raise Problem(415, "this form cannot be read", f"send it as {_MEDIA_TYPE}, as browsers do")
    try:
        body = await request.body()
    except ClientDisconnect as error:  # so does a body that is longer than `Guards` lets through
        raise Problem(413, "this form is too large") from error
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError as error:  # so is what is not UTF-8
        raise Problem(400, "this form cannot be read", "it is not UTF-8, or has too many fields") from error
    return {name: _plain(value) for name, value in pairs if name in known}


def _plain(value: str) -> str:
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()
