"""The bound on requests of one address at once, and whose address that is behind proxies."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from aggregator.web.guards import Guards


async def statuses(*asked: tuple[str, str]) -> list[int]:
    """Of requests that are being answered at once, one allowed for each address; `asked`: whence, and X-Forwarded-For.
    The first of them to be refused has the time to ask again.
    """
    found = [0] * len(asked)
    all_in = asyncio.Barrier(len(asked))  # nobody is answered before all have asked

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await all_in.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    guards = Guards(app, hosts=["localhost"], proxies=["10.0.0.0/8", "::1/128"], most=1, answered=lambda _: None)

    async def ask(number: int, client: str, said: str) -> None:
        headers = [(b"host", b"localhost")] + ([(b"x-forwarded-for", said.encode())] if said else [])
        scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"",
                 "headers": headers, "client": (client, 1)}  # fmt: skip

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                found[number] = message["status"]
                if found[number] == 429:
                    assert (b"retry-after", b"1") in message["headers"]
                    await all_in.wait()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        await guards(scope, receive, send)

    await asyncio.gather(*(ask(number, *each) for number, each in enumerate(asked)))
    return found


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (("9.9.9.9", ""), ("9.9.9.9", ""), True),
        (("9.9.9.9", ""), ("9.9.9.8", ""), False),
        (("9.9.9.9", "1.1.1.1"), ("9.9.9.9", "2.2.2.2"), True),  # no proxy of ours, so what it says is its own word
        (("10.0.0.1", "1.1.1.1"), ("10.0.0.1", "2.2.2.2"), False),
        (("10.0.0.1", "6.6.6.6, 1.1.1.1"), ("10.0.0.1", "7.7.7.7, 1.1.1.1, 10.0.0.2"), True),
        (("10.0.0.1", "1.1.1.1:1234"), ("10.0.0.1", "1.1.1.1:1235"), True),
        (("::1", "[2001:db8::1]:1234"), ("::1", "2001:db8::1"), True),
        (("::1", "[2001:db8::1]:1234"), ("::1", "[2001:db8::2]:1234"), False),
        (("10.0.0.1", ",,"), ("10.0.0.1", ""), True),
    ],
)
def test_requests_of_one_address_at_once_are_bounded(
    one: tuple[str, str], other: tuple[str, str], is_same: bool
) -> None:
    assert asyncio.run(statuses(one, other)) == [200, 429 if is_same else 200]


@pytest.mark.parametrize(
    ("is_https", "peer", "expected"),
    [(True, "10.0.0.1", True), (True, "9.9.9.9", False), (False, "10.0.0.1", False), (True, "", False)],
)
def test_browsers_are_told_to_stay_with_https_by_the_proxy_that_brings_it_alone(
    is_https: bool, peer: str, expected: bool
) -> None:
    told: list[bool] = []

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Message) -> None:
        told.append((b"strict-transport-security", b"max-age=31536000") in message["headers"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    guards = Guards(
        app, hosts=["localhost"], proxies=["10.0.0.0/8"], most=1, answered=lambda _: None, is_https=is_https
    )
    scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"",
             "headers": [(b"host", b"localhost")], "client": (peer, 1) if peer else None}  # fmt: skip
    asyncio.run(guards(scope, receive, send))
    assert told == [expected]
