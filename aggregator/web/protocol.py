"""The Model Context Protocol (https://modelcontextprotocol.io), by its Python SDK: one exchange a request."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from mcp import types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from aggregator import __version__
from aggregator.text.printable import as_json
from aggregator.web.problems import Problem
from aggregator.web.tools import NOTE, TOOLS, Tool, gives, takes

log = logging.getLogger("aggregator.web")

Call = Callable[[Tool, Mapping[str, object]], Mapping[str, Any]]

# What the SDK logs quotes clients; what goes wrong in a tool is logged here.
logging.getLogger("mcp").setLevel(logging.CRITICAL)

_BY_NAME = {tool.name: tool for tool in TOOLS}
# A tool reads the wire alone; what it gives comes from the open world, which some clients look at with more care.
_READS = types.ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True)
_LISTED = types.ListToolsResult(
    tools=[
        types.Tool(
            name=tool.name,
            title=tool.title,
            description=tool.description,
            input_schema=takes(tool),
            output_schema=gives(tool),
            annotations=_READS,
        )
        for tool in TOOLS
    ]
)


async def exchange(title: str, call: Call, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers one request of a client; `call` is made in a thread, and raises Problem."""

    async def listed(_: ServerRequestContext[Any], __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return _LISTED

    async def called(_: ServerRequestContext[Any], said: types.CallToolRequestParams) -> types.CallToolResult:
        if said.name not in _BY_NAME:
            raise MCPError(types.INVALID_PARAMS, f"there is no such tool; there are {', '.join(_BY_NAME)}")
        return await run_in_threadpool(_result, call, _BY_NAME[said.name], said.arguments or {})

    server = Server(
        "wire", version=__version__, title=title, instructions=NOTE, on_list_tools=listed, on_call_tool=called
    )
    server.middleware.clear()  # that of OpenTelemetry, which nothing here reads
    manager = StreamableHTTPSessionManager(server, json_response=True, stateless=True)
    async with manager.run():  # for this request alone: nothing is held open between two
        await manager.handle_request(scope, receive, send)


def _result(call: Call, tool: Tool, arguments: Mapping[str, object]) -> types.CallToolResult:
    try:
        found = call(tool, arguments)
    except Problem as problem:
        return _error(f"{problem.title}: {problem.detail}" if problem.detail else problem.title)
    except Exception:  # a fault of ours: the log has all of it, the client nothing
        log.exception("a tool failed")
        return _error("internal error (bug); the log of the server has it")
    return types.CallToolResult(content=[types.TextContent(text=as_json(found))], structured_content=found)


def _error(said: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=said)], is_error=True)
