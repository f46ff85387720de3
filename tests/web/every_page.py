"""A wire that has something to show on every page, and the address of one page of every kind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

from aggregator.desk import joins
from aggregator.model import Cause, Complaint
from aggregator.pipeline.paths import Paths
from aggregator.store import Store
from aggregator.store.picture_files import path_of
from tests.images import jpeg
from tests.web.test_desk_sources import FAILING, HELD, MASS, SOUGHT, troubled

ENGLISH, ARABIC, AMHARIC = "hhoez35ce7sm33gh", "ks7oeogndijeyjno", "iscd7yzifpxjjvg4"
HEADLINE_ALONE, EXCERPT, OPINION = "wg6ightvnp5zbfxz", "2grbbg5zudwe5huo", "nhdyk4gjup43h3a2"
WITHHELD, WITHDRAWN, LEGAL = "f5xj2hw3xebwudl3", "mqtkn2j6byhbiddo", "rwuqtq5d2x6g5odl"
MERGED, INTO = "dlqf26pugbgb7hxs", "n3gud52rz26idrfg"
WORDS = "mbalawe"

# By route; what stands under one route and looks otherwise is there more than once.
READERS: Mapping[str, tuple[str, ...]] = {
    "/": ("/",),
    "/latest": ("/latest",),
    "/own": ("/own",),
    "/opinion": ("/opinion",),
    "/documents": ("/documents",),
    "/countries": ("/countries",),
    "/regions": ("/regions",),
    "/topics": ("/topics",),
    "/languages": ("/languages",),
    "/country/{code}": ("/country/ke", "/country/ke?by=about"),
    "/region/{code}": ("/region/014",),
    "/topic/{code}": ("/topic/11000000",),
    "/language/{tag}": ("/language/ar",),
    "/kind/{kind}": ("/kind/newspaper",),
    "/group/{group}": ("/group/institution",),
    "/class/{class}": ("/class/analysis",),
    "/preferences": ("/preferences?back=/latest",),
    "/positions": ("/positions", f"/positions?q={WORDS}", "/positions?about=zz"),
    "/search": ("/search", f"/search?q={WORDS}", f"/search?q={WORDS}&order=best", "/search?q=(", "/search?q=xyzzy"),
    "/report/{id}": tuple(f"/report/{each}" for each in (ENGLISH, ARABIC, AMHARIC, HEADLINE_ALONE, EXCERPT, OPINION)),
    "/report/{id}/versions": (f"/report/{ENGLISH}/versions", f"/report/{ARABIC}/versions"),
    "/report/{id}/take": (f"/report/{ENGLISH}/take", f"/report/{HEADLINE_ALONE}/take"),
    "/publisher/{key}": ("/publisher/nawras", "/publisher/tamarind-wire"),
    "/publishers": ("/publishers",),
    "/about": ("/about",),
    "/figures": ("/figures",),
    "/complain": ("/complain",),
    "/complain/{id}": (f"/complain/{ARABIC}",),
    "/complaint": ("/complaint",),
}
GONE = {f"/report/{WITHHELD}": 404, f"/report/{WITHDRAWN}": 410, f"/report/{LEGAL}": 451, "/nothing": 404}
DESK: Mapping[str, tuple[str, ...]] = {
    "/desk": ("/desk",),
    "/desk/report": ("/desk/report", f"/desk/report?q={WORDS}"),
    "/desk/report/{id}": tuple(f"/desk/report/{each}" for each in (ENGLISH, ARABIC, WITHHELD, LEGAL)),
    "/desk/complaints": ("/desk/complaints",),
    "/desk/complaints/{about}": ("/desk/complaints/wire",),
    "/desk/complaint/{number}": ("/desk/complaint/1", "/desk/complaint/3"),
    "/desk/merges": ("/desk/merges",),
    "/desk/merges/suspicious": ("/desk/merges/suspicious",),
    "/desk/merge/{number}": ("/desk/merge/1",),
    "/desk/pending": ("/desk/pending",),
    "/desk/pending/{publisher}/{source}/{kind}": (f"/desk/pending/{MASS}/withdrawn",),
    "/desk/held-back": ("/desk/held-back",),
    "/desk/ledger": ("/desk/ledger",),
    "/desk/rights": ("/desk/rights",),
    "/desk/sources": ("/desk/sources", "/desk/sources?state=all"),
    "/desk/source/{publisher}/{key}": tuple(f"/desk/source/{each}" for each in (HELD, FAILING, SOUGHT)),
    "/desk/discovered": ("/desk/discovered",),
    "/desk/add": ("/desk/add",),
    "/desk/subscribers": ("/desk/subscribers",),
    "/desk/subscribers/{name}": ("/desk/subscribers/partner",),
    "/desk/alerts": ("/desk/alerts",),
}
NO_PAGES = {"/positions.csv", "/figures.csv"}


def whole(folder: Path, now: datetime) -> Paths:
    """A wire of invented publishers that has a report of every kind, and of everything at the desk one that waits."""
    paths = troubled(folder)
    add_pictures(paths.database())
    with Store.open(paths.database()) as store:
        joins.join(store, INTO, MERGED, Cause(actor="person:ama", reason="held twice"), now)
        said = "The map on this page has the border in the wrong place.\nخريطة خاطئة."
        store.complaint_about_wire(Complaint(kind="about_the_wire", text=said, complainant="Awa Keïta"), now)
    return paths


def add_pictures(database: Path) -> None:
    """Files for the copies of pictures of which the database knows; a version's fixture has none."""
    with closing(sqlite3.connect(database)) as connection:
        copied = connection.execute("SELECT digest, sizes FROM pictures WHERE picture_state = 'copied'").fetchall()
    for digest, sizes in copied:
        for width, height in json.loads(sizes):
            file = path_of(database, digest, width)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(jpeg(width, height))


def addresses(pages: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [each for those in pages.values() for each in those]
