"""What mypy has to refuse: a template of the operator where an address of the network belongs, and the other way round.

`make checks` reads this file, and nobody runs it. Where one of the errors is none any more, mypy says that its comment
is not needed.
"""

from __future__ import annotations

from datetime import datetime

from aggregator.fetch import Fetcher, Turn
from aggregator.fetch.credentials import Opened
from aggregator.model import Access, Credentials, Source, Template, Validators


async def mixed(fetcher: Fetcher, turn: Turn, network: str, own: Template, source: Source, now: datetime) -> None:
    await fetcher.get(source, Validators(), turn)
    await fetcher.linked(network, turn, now)
    Access(url=own)
    await fetcher.get(network, Validators(), turn)  # type: ignore[arg-type]
    await fetcher.get(own, Validators(), turn)  # type: ignore[arg-type]
    await fetcher.linked(own, turn, now)  # type: ignore[arg-type]
    Access(url=network)  # type: ignore[arg-type]
    Credentials(bearer=network)  # type: ignore[arg-type]
    Source(publisher="x", key="x", url=own)  # type: ignore[arg-type]
    Source(publisher="x", key="x", url=network, access=network)  # type: ignore[arg-type]
    Opened.of_link(own, None, {})  # type: ignore[arg-type]
