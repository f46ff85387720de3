"""The framework alone, with constant answers of given sizes: `python -m bench.bare PORT FEED PAGE`."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.cli.serve import configured


def _always(size: int, media_type: str) -> Route:
    body = b"x" * size

    async def answer(_: Request) -> Response:
        return Response(body, media_type=media_type)

    return Route("/feed" if media_type.endswith("xml") else "/page", answer)


def main() -> None:
    port, feed, page = map(int, sys.argv[1:])
    app = Starlette(routes=[_always(feed, "application/atom+xml"), _always(page, "application/json")])
    config = configured(app)
    config.host, config.port = "127.0.0.1", port
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
