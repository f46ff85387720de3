"""Pictures for the tests: honest ones of every kind, and hostile ones."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

RED, GREEN, BLUE, WHITE = (220, 30, 30), (30, 160, 60), (30, 60, 200), (255, 255, 255)


def drawn(width: int = 1200, height: int = 800) -> Image.Image:
    """Red on its left, blue on its right, with a green square at the top left, so that it can be seen how it lies."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width // 2, height))
    image.paste(GREEN, (0, 0, width // 4, height // 4))
    return image


def saved(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def jpeg(width: int = 1200, height: int = 800, **options: object) -> bytes:
    return saved(drawn(width, height), "JPEG", **options)


def png_that_says(width: int, height: int, rows: int = 10) -> bytes:
    """A PNG whose header names a size, of which it has some black rows."""
    packer = zlib.compressobj(9)
    pixels = b"".join(packer.compress(b"\0" * (1 + width * 3)) for _ in range(rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def gif_of(frames: int) -> bytes:
    """A GIF of small frames, each another colour."""
    shown = [Image.new("RGB", (64, 64), colour) for colour in (RED, BLUE)]
    file = saved(shown[0], "GIF", save_all=True, append_images=shown[1:], loop=0, duration=[50, 60])
    start = file.index(b"\x21\xf9")
    second = file.index(b"\x21\xf9", start + 1)
    return file[:second] + file[second:-1] * (frames - 1) + b";"


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
