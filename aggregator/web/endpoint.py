"""/mcp: who may call it, and how large a call may be; `web.tools` has what is called."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from aggregator.web.clients import Asker, Clients
from aggregator.web.problems import Problem
from aggregator.web.site import Site
from aggregator.web.tools import Tool, called

PATH = "/mcp"


class Endpoint(Struct, frozen=True):
    """ASGI application for one path of a site."""

    site: Site
    clients: Clients
    hosts: Collection[str]

    def routes(self) -> list[Route]:
        return [Route(PATH, self, methods=["POST"])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises Problem."""
        request = Request(scope, receive)
        self._check_origin(request)
        asker = await run_in_threadpool(self._asker, request)
        try:
            body = await request.body()
        except ClientDisconnect as error:  # so does a body that is longer than `Guards` lets through
            raise Problem(413, "the body of the request is too large") from error

        read: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return read.pop() if read else await receive()

        def call(tool: Tool, arguments: Mapping[str, object]) -> Mapping[str, Any]:
            return called(self.site, asker, tool, arguments)

        # The SDK takes more time and memory than all else that is served, and most wires are never asked for it.
        protocol = await run_in_threadpool(importlib.import_module, "aggregator.web.protocol")
        await protocol.exchange(self.site.config().wire.name, call, scope, again, send)

    def _asker(self, request: Request) -> Asker:
        with self.site.kept_open() as (store, now):
            return self.clients.of(request, store, now, None)

    def _check_origin(self, request: Request) -> None:
        """A page of another site must not call it from its reader's browser (MCP, Transports, Security)."""
        try:
            origins = [urlsplit(each).hostname for each in request.headers.getlist("origin")]
        except ValueError:
            origins = [None]
        if any(each not in self.hosts for each in origins):
            raise Problem(403, "pages of other sites may not call this")
