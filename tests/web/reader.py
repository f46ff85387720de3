"""A client that may be killed at any moment: `python reader.py PORT FILE`. It follows the stream of changes and adds
each line to a file; the cursor of the last whole line of it is how far it is. It imports nothing that takes long.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from pathlib import Path


def main(port: int, path: Path) -> None:
    while True:
        whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
        path.write_bytes(whole + b"\n" if whole else b"")
        last = json.loads(whole.rpartition(b"\n")[2])["cursor"] if whole else "0"
        try:
            follow(port, path, last)
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)  # the server is being started


def follow(port: int, path: Path, last: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/api/changes/stream", headers={"Last-Event-ID": last})
    kind = ""
    with path.open("ab", buffering=0) as file, connection.getresponse() as answer:
        if answer.status != 200:
            raise http.client.HTTPException(answer.status)
        for line in answer:
            if line.startswith(b"event: "):
                kind = line[7:].strip().decode()
            elif line.startswith(b"data: ") and kind not in ("heartbeat", "closed"):
                file.write(line[6:])


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
