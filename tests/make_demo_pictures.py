"""The pictures of the demo's invented publishers, drawn: `python -m tests.make_demo_pictures` writes them anew.

They are shapes, drawn here and taken from nowhere, so nobody else has a right in them. All have the size that the press
states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from PIL import Image, ImageDraw

from aggregator.demo.sites.world import PICTURE_SIZE
from tests import ROOT

FOLDER = ROOT / "data" / "demo" / "press" / "pictures"
_FINER = 3  # drawn so many times larger, so that edges are smooth
_COLOURS = 40  # of a PNG
_QUALITY = 72  # of a JPEG

Point = tuple[float, float]


class Sheet:
    """A picture as it is drawn; places are pixels of the finished one."""

    def __init__(self, ground: str) -> None:
        width, height = PICTURE_SIZE
        self.image = Image.new("RGB", (width * _FINER, height * _FINER), ground)
        self._draw = ImageDraw.Draw(self.image)

    def box(self, x: float, y: float, width: float, height: float, fill: str, round: float = 0) -> None:
        places = [each * _FINER for each in (x, y, x + width, y + height)]
        self._draw.rounded_rectangle(places, round * _FINER, fill)

    def disc(self, x: float, y: float, radius: float, fill: str, tall: float = 1.0) -> None:
        places = [each * _FINER for each in (x - radius, y - radius * tall, x + radius, y + radius * tall)]
        self._draw.ellipse(places, fill)

    def shape(self, fill: str, *points: Point) -> None:
        self._draw.polygon([(x * _FINER, y * _FINER) for x, y in points], fill)

    def line(self, fill: str, width: float, *points: Point) -> None:
        self._draw.line([(x * _FINER, y * _FINER) for x, y in points], fill, round(width * _FINER), "curve")

    def person(self, x: float, y: float, cloth: str, skin: str = "#4a2c1a") -> None:
        self.shape(cloth, (x - 18, y), (x + 18, y), (x + 11, y - 62), (x - 11, y - 62))
        self.disc(x, y - 74, 13, skin)


def salon() -> Sheet:
    """Three chairs under three dryers, and one lamp."""
    sheet = Sheet("#f3d9b1")
    sheet.box(0, 310, 640, 90, "#a5643a")
    sheet.line("#333333", 4, (320, 0), (320, 46))
    sheet.disc(320, 66, 24, "#ffd84d")
    for x, cloth in ((130, "#b3263c"), (320, "#1d6f78"), (510, "#7a3b8f")):
        sheet.box(x - 46, 250, 92, 30, "#3b3b44", 10)
        sheet.box(x - 8, 280, 16, 50, "#77777f")
        sheet.person(x, 258, cloth)
        sheet.disc(x, 152, 40, "#d9dee2", 0.75)
        sheet.box(x + 40, 140, 10, 180, "#9aa1a8")
    return sheet


def candles() -> Sheet:
    """A row of traders, each with a lit candle, under the sun."""
    sheet = Sheet("#8fd0ee")
    sheet.disc(540, 80, 46, "#ffd23f")
    sheet.box(0, 300, 640, 100, "#c98b4b")
    for number, cloth in enumerate(("#c0392b", "#16794c", "#e08e0b", "#22577a", "#8e44ad", "#b03a5b", "#1b8a8a")):
        x = 60 + number * 84
        sheet.person(x, 340, cloth)
        sheet.line("#4a2c1a", 6, (x + 10, 292), (x + 26, 268))
        sheet.box(x + 22, 240, 8, 30, "#fff8e7")
        sheet.disc(x + 26, 232, 5, "#ff7b00", 1.7)
    return sheet


def cup() -> Sheet:
    """A cup on the grass, before a goal."""
    sheet = Sheet("#1f2f57")
    for x in range(40, 640, 112):
        sheet.disc(x, 40, 12, "#fdf6c5")
    for number in range(4):
        sheet.box(0, 240 + number * 40, 640, 40, ("#2e8b57", "#37a066")[number % 2])
    sheet.line("#f5f5f5", 6, (120, 250), (120, 110), (520, 110), (520, 250))
    sheet.shape("#e5b80b", (260, 150), (380, 150), (350, 250), (290, 250))
    sheet.box(308, 248, 24, 50, "#c99a06")
    sheet.box(270, 296, 100, 22, "#7a5b00", 6)
    sheet.line("#e5b80b", 10, (262, 165), (232, 180), (244, 222), (284, 228))
    sheet.line("#e5b80b", 10, (378, 165), (408, 180), (396, 222), (356, 228))
    return sheet


def bridge() -> Sheet:
    """A bridge over a river in flood; its third pier has a crack."""
    sheet = Sheet("#b9cad6")
    sheet.shape("#6f8f55", (0, 230), (150, 190), (210, 250), (0, 300))
    sheet.shape("#6f8f55", (640, 220), (500, 185), (430, 250), (640, 300))
    sheet.box(0, 270, 640, 130, "#8a6238")
    for number in range(6):
        y = 285 + number * 20
        sheet.line("#a87a48", 4, *((x, y + (6 if x // 40 % 2 else 0)) for x in range(0, 680, 40)))
    sheet.box(40, 170, 560, 22, "#5f6468")
    for number in range(4):
        sheet.box(110 + number * 130, 190, 30, 150, "#7d8387")
    sheet.line("#1c1c1c", 4, (378, 200), (392, 226), (380, 250), (396, 282))
    return sheet


def queue() -> Sheet:
    """Cars in a row at a filling station, at night."""
    sheet = Sheet("#131a2e")
    sheet.disc(90, 70, 28, "#f4f1de")
    sheet.box(0, 310, 640, 90, "#2a2f3a")
    sheet.box(470, 130, 150, 20, "#e4572e")
    sheet.box(480, 150, 12, 170, "#8d99ae")
    sheet.box(540, 220, 50, 100, "#f25f3a", 6)
    sheet.box(550, 232, 30, 22, "#fefae0")
    for number, paint in enumerate(("#ffba08", "#ffba08", "#3f88c5", "#ffba08")):
        x = 24 + number * 112
        sheet.box(x, 280, 96, 34, paint, 8)
        sheet.box(x + 20, 256, 54, 30, paint, 8)
        sheet.box(x + 28, 262, 38, 18, "#cfe8ff")
        for wheel in (22, 74):
            sheet.disc(x + wheel, 316, 11, "#0b0d12")
        sheet.disc(x + 94, 296, 5, "#fff3b0")
    return sheet


def mules() -> Sheet:
    """A mule with boxes of ice on a path in the mountains."""
    sheet = Sheet("#f6c89f")
    sheet.shape("#8e9aaf", (0, 260), (140, 90), (260, 230), (390, 70), (560, 240), (640, 170), (640, 400), (0, 400))
    sheet.shape("#5f7d4e", (0, 320), (300, 250), (640, 330), (640, 400), (0, 400))
    sheet.disc(320, 262, 62, "#5b4636", 0.5)
    for x in (278, 300, 345, 366):
        sheet.box(x, 275, 10, 60, "#4a382b")
    sheet.line("#5b4636", 26, (370, 256), (410, 210))
    sheet.disc(420, 204, 20, "#5b4636", 0.8)
    sheet.shape("#5b4636", (404, 194), (400, 164), (414, 190))
    sheet.box(286, 208, 60, 42, "#e8f4f8", 4)
    sheet.box(286, 222, 60, 12, "#1d6fa5")
    sheet.person(470, 340, "#f1e9da")
    return sheet


def count() -> Sheet:
    """A box of votes in the light of telephones."""
    sheet = Sheet("#20242f")
    for x in (110, 210, 430, 530):
        sheet.shape("#3c4152", (x, 120), (320 - 90, 330), (320 + 90, 330))
    sheet.box(0, 330, 640, 70, "#6b4226")
    sheet.box(240, 210, 160, 120, "#e9ecef", 6)
    sheet.box(285, 204, 70, 10, "#212529", 4)
    sheet.shape("#ffffff", (300, 140), (340, 132), (346, 206), (302, 206))
    for x in (110, 210, 430, 530):
        sheet.box(x - 14, 90, 28, 50, "#0d0f14", 6)
        sheet.disc(x, 132, 7, "#fffbe0")
        sheet.person(x, 390, "#394867", "#2b1a10")
    return sheet


def oasis() -> Sheet:
    """A school between dunes and palms."""
    sheet = Sheet("#9bd4e4")
    sheet.disc(110, 80, 40, "#fff2b2")
    sheet.shape("#e0b36a", (0, 280), (180, 210), (340, 290), (520, 220), (640, 270), (640, 400), (0, 400))
    sheet.shape("#d19b4f", (0, 340), (260, 290), (640, 350), (640, 400), (0, 400))
    sheet.box(230, 210, 210, 110, "#f7efe0")
    sheet.box(315, 256, 40, 64, "#2a6f97")
    for x in (250, 385):
        sheet.box(x, 236, 36, 34, "#2a6f97")
    for x in (150, 520):
        sheet.line("#7f5539", 12, (x, 330), (x + 8, 210))
        for left, top in ((-60, 10), (-36, -36), (8, -52), (48, -32), (66, 12)):
            sheet.line("#2d6a4f", 10, (x + 8, 206), (x + 8 + left, 206 + top))
    return sheet


DRAWN: Mapping[str, Callable[[], Sheet]] = {
    "suame-salon.jpg": salon,
    "candles-at-noon.png": candles,
    "estuaries-cup.png": cup,
    "chissola-bridge.png": bridge,
    "bonateki-queue.jpg": queue,
    "gum-amba-mule.png": mules,
    "mkwajuni-count.png": count,
    "adrar-school.png": oasis,
}


def write(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, draw in DRAWN.items():
        image = draw().image.resize(PICTURE_SIZE, Image.Resampling.LANCZOS)
        if name.endswith(".png"):
            image.quantize(_COLOURS, dither=Image.Dither.NONE).save(folder / name, optimize=True)
        else:
            image.save(folder / name, quality=_QUALITY, optimize=True, progressive=True)


if __name__ == "__main__":
    write(FOLDER)
