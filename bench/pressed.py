"""The command `aggregator`, every host of the world served by a press: `python -m bench.pressed PORT ARGUMENTS...`.

Nothing but the resolver differs from what a user runs: names lead to 127.0.0.1:PORT. The wire.toml that it is given has
to let that address be reached (`allow_addresses`).
"""

from __future__ import annotations

import sys
from functools import partial


def main() -> None:
    from aggregator import cli
    from aggregator.pipeline import pipeline

    port = int(sys.argv[1])
    there = partial(pipeline.Pipeline, connect_to=lambda host: ("127.0.0.1", port))
    pipeline.Pipeline = there  # type: ignore[assignment,misc]  # where `fetch` finds it when it runs
    cli.main(sys.argv[2:])


if __name__ == "__main__":
    main()
