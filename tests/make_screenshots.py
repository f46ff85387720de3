"""Makes the pictures of docs/pictures: `python -m tests.make_screenshots`, after a change of how pages look.

It runs the demo's wire against the invented press at a fixed time, serves it, and looks at it with Debian's Chromium.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from aggregator.demo import Press, read_sites
from aggregator.model import Complaint
from aggregator.pipeline.opening import load_config, open_wire
from aggregator.pipeline.paths import Paths
from aggregator.pipeline.pipeline import Pipeline
from aggregator.store import Store
from tests.web.browsing import Browsing, browsing
from tests.web.serving import served

HERE = Path(__file__).parents[1]
DEMO = HERE / "data" / "demo"
INTO = HERE / "docs" / "pictures"
NOW = datetime(2026, 11, 29, 16, 0, tzinfo=UTC)
MOST = 150_000  # bytes of a picture
COLOURS = (256, 128, 64, 32)  # as many as fit
TALL = {"width": 1200, "height": 1500}
WIDE, NARROW = {"width": 1200, "height": 900}, {"width": 390, "height": 844}


@dataclass(frozen=True, slots=True)
class View:
    """A page as one reader sees it."""

    path: str
    options: Mapping[str, Any] = field(default_factory=dict)
    size: Mapping[str, int] = field(default_factory=lambda: WIDE)
    person: str | None = None  # who is signed in at the desk; None: it is a reader's


VIEWS: Mapping[str, View] = {
    "front-light": View("/", size=TALL),
    "front-dark": View("/", {"color_scheme": "dark"}),
    "front-arabic": View("/", {"locale": "ar"}),
    "front-narrow": View("/", size=NARROW),
    "report": View("/report/{report}"),
    "report-arabic-narrow": View("/report/{arabic}", {"locale": "ar"}, NARROW),
    "side-by-side": View("/positions?q=mbalawe"),
    "search": View("/search?q=mbalawe&order=best"),
    "desk": View("/desk", person="amina"),
    "desk-report": View("/desk/report/{report}", person="kofi"),
}


def main() -> None:
    INTO.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = Paths(DEMO / "config", folder / "wire.db")
        asyncio.run(filled(paths))
        with served(folder, paths.config_folder()) as wire, browsing(wire) as here:
            wire.now[0] = NOW + timedelta(minutes=30)
            named = examples(paths)
            for name, view in VIEWS.items():
                file = INTO / f"{name}.png"
                file.write_bytes(small(taken(here, view, named)))
                print(f"{file.relative_to(HERE)}: {file.stat().st_size:,} bytes")


async def filled(paths: Paths) -> None:
    """All rounds of the demo; then somebody complains."""
    config, clock = load_config(paths), [NOW]
    with (
        Press(read_sites(DEMO / "press"), now=NOW, port=0) as press,
        open_wire(paths, config, NOW) as store,
    ):
        async with Pipeline(config, store, lambda: clock[0], lambda _: press.address) as pipeline:
            for number in range(press.last_round + 1):
                if number:
                    press.advance()
                    clock[0] += timedelta(minutes=5)
                await pipeline.run(store.due(None))
                await pipeline.read_pages(100, 100, 20.0, {each.key for each in config.publishers})
                await pipeline.copy_pictures(100, 100)
                await pipeline.maintain()
                await pipeline.tag(20.0)
        said = "The two bridges on the page about the flood have each other's names."
        store.complaint_about_wire(Complaint(kind="about_the_wire", text=said), clock[0])


def examples(paths: Paths) -> dict[str, str]:
    """Reports that have a picture, by their place in a path."""
    named = {"report": "kurunzi-ya-pwani", "arabic": "difaf"}
    with Store.open(paths.database()) as store:
        _, rows = store.query(
            "SELECT w.publisher, w.id FROM wire AS w JOIN picture_uses USING (article_id) ORDER BY w.sort_time"
        )
        by_publisher = {str(publisher): str(id_) for publisher, id_ in rows}
    return {name: by_publisher[publisher] for name, publisher in named.items()}


def taken(here: Browsing, view: View, named: Mapping[str, str]) -> bytes:
    """A picture of what stands in the window, as PNG. Fails where the page does what it may not."""
    options = {"timezone_id": "UTC", "locale": "en-GB", "viewport": view.size, **view.options}
    opened = here.desk_tab(view.person, **options) if view.person else here.tab(**options)
    with opened as page:
        page.goto(view.path.format(**named))
        page.evaluate("document.fonts.ready")
        return page.screenshot(animations="disabled")


def small(png: bytes) -> bytes:
    """With as many colours as there is room for."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    for colours in COLOURS:
        file = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(file, "PNG", optimize=True)
        if file.tell() <= MOST:
            return file.getvalue()
    sys.exit(f"a picture has more than {MOST} bytes in {COLOURS[-1]} colours; look at a smaller part of the page")


if __name__ == "__main__":
    main()
