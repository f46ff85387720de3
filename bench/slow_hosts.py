"""The hosts of `bench.slow`, in a process of their own: each an address of 127.1.0.0/16 with one feed behind it.

A slow host answers after a time of its own between 0.2 and 3 seconds; a dead one accepts and never answers.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable

_FEED = """\
<rss version="2.0"><channel><title>Host {number}</title><link>http://host-{number}.example/</link>
<item><guid>tag:host-{number}</guid><title>Slow news</title><description>It came in the end.</description></item>
</channel></rss>
"""
FASTEST, SLOWEST = 0.2, 3.0  # seconds

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def address(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def host(number: int, dead: bool) -> Answer:
    after = random.Random(number).uniform(FASTEST, SLOWEST)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readuntil(b"\r\n\r\n"):
                if dead:
                    await reader.read()
                    return
                await asyncio.sleep(after)
                writer.write(_answer(request, number))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return answer


def _answer(request: bytes, number: int) -> bytes:
    if b"/robots.txt" in request.split(b"\r\n", 1)[0]:
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    body = _FEED.format(number=number).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def main(port: str, hosts: str, dead: str) -> None:
    """`dead`: numbers of hosts, with commas between them."""
    numbers = {int(number) for number in dead.split(",") if number}
    for number in range(int(hosts)):
        await asyncio.start_server(host(number, number in numbers), address(number), int(port))
    print("ready", flush=True)
    await asyncio.sleep(1800)  # whoever started this ends it


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
