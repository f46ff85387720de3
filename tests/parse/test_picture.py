"""Bytes of a picture become files of ours: of every honest kind, upright, and without what stood beside the pixels."""

from __future__ import annotations

import asyncio
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from aggregator.model.errors import ParseError
from aggregator.model.picture import EncodedPicture
from aggregator.parse.picture import MOST_PIXELS, encode
from aggregator.pipeline.worker import named
from aggregator.pipeline.workers import Workers
from tests.conftest import SOAK, examples
from tests.images import BLUE, GREEN, RED, WHITE, drawn, gif_of, jpeg, png_that_says, saved
from tests.rows import every_row

ARTIST, COPYRIGHT = 0x013B, 0x8298  # of EXIF


def opened(made: EncodedPicture, number: int = -1) -> Image.Image:
    image = Image.open(BytesIO(made.files[number][1]))
    image.load()
    return image


def like(found: object, wanted: tuple[int, int, int]) -> bool:
    """Whether a pixel has nearly this colour, as JPEG keeps it."""
    pixel = found if isinstance(found, tuple) else (found,) * 3
    return all(abs(one - other) < 40 for one, other in zip(pixel, wanted, strict=True))


def profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@every_row(
    ("width", "height", "sizes"),
    [
        (2400, 1600, [(320, 213), (800, 533), (1600, 1067)]),
        (1600, 900, [(320, 180), (800, 450), (1600, 900)]),
        (1000, 500, [(320, 160), (800, 400), (1000, 500)]),
        (320, 240, [(320, 240)]),
        (200, 100, [(200, 100)]),
        (40, 40, [(40, 40)]),
        (500, 8_000, [(320, 5_120), (500, 8_000)]),
        (39, 500, []),
        (500, 39, []),
        (1, 1, []),
        (5_000, 100, []),
    ],
)
def test_no_size_is_larger_than_the_picture(width: int, height: int, sizes: list[tuple[int, int]]) -> None:
    made = encode(saved(Image.new("RGB", (width, height), RED), "PNG"))
    assert [(size.width, size.height) for size, _ in made.files] == sizes
    for size, content in made.files:
        with Image.open(BytesIO(content)) as image:
            assert (image.format, image.size) == ("JPEG", (size.width, size.height))


def grey_16(value: int) -> Image.Image:
    return Image.new("I;16", (100, 100), value)


def palette(*, transparent: bool) -> bytes:
    image = Image.new("P", (100, 100), 1)
    image.putpalette([*RED, *BLUE])
    return saved(image, "PNG", **({"transparency": 1} if transparent else {}))


@every_row(
    ("content", "colour"),
    [
        (jpeg(), RED),
        (saved(drawn(), "PNG"), RED),
        (saved(drawn(), "WEBP", lossless=True), RED),
        (saved(drawn(), "GIF"), RED),
        (saved(drawn(400, 300), "AVIF"), RED),
        (saved(drawn().convert("CMYK"), "JPEG"), RED),
        (saved(drawn(), "JPEG", icc_profile=profile()), RED),
        (saved(drawn(), "JPEG", icc_profile=b"no profile"), RED),
        (saved(drawn(400, 300), "JPEG", icc_profile=b"x" * 3_000_000), RED),  # a huge one is not looked at
        (saved(drawn().convert("CMYK"), "JPEG", icc_profile=profile()), RED),  # of other colours than the picture
        (saved(Image.new("L", (100, 100), 128), "JPEG"), (128, 128, 128)),
        (saved(grey_16(40_000), "PNG"), (156, 156, 156)),
        (saved(Image.new("1", (100, 100), 1), "PNG"), WHITE),
        (saved(Image.new("LA", (100, 100), (0, 0)), "PNG"), WHITE),
        (saved(Image.new("RGBA", (100, 100), (*RED, 0)), "PNG"), WHITE),
        (saved(Image.new("RGBA", (100, 100), (*RED, 255)), "WEBP", lossless=True), RED),
        (palette(transparent=False), BLUE),
        (palette(transparent=True), WHITE),
        (saved(drawn(), "JPEG", progressive=True), RED),
        # the first frame is the picture
        (
            saved(drawn(), "WEBP", save_all=True, append_images=[drawn().convert("L").convert("RGB")], lossless=True),
            RED,
        ),
        (saved(drawn(), "GIF", save_all=True, append_images=[Image.new("RGB", (1200, 800))]), RED),
    ],
)
def test_every_kind_is_read_as_it_looks(content: bytes, colour: tuple[int, int, int]) -> None:
    made = encode(content)
    assert made.files
    for number in range(len(made.files)):
        image = opened(made, number)
        assert image.mode in ("RGB", "L")
        assert like(image.getpixel((image.width // 8, image.height * 7 // 8)), colour)


@every_row("orientation", range(10))
def test_a_picture_stands_upright_and_says_nothing_of_it(orientation: int) -> None:
    """Each of the eight positions of Exif 2.32; 0 and 9 are none."""
    upright = drawn(600, 400)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    held = upright.transpose(turns[orientation]) if orientation in turns else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    for kind in ("JPEG", "PNG", "WEBP"):
        image = opened(encode(saved(held, kind, exif=exif)))
        assert image.size == (600, 400)
        assert like(image.getpixel((20, 20)), GREEN)
        assert like(image.getpixel((20, 380)), RED)
        assert like(image.getpixel((580, 380)), BLUE)
        assert 0x0112 not in image.getexif()


def test_of_what_stands_beside_the_pixels_only_maker_and_notice_are_kept() -> None:
    exif = Image.Exif()
    exif[0x013B], exif[0x8298] = "Awa Keïta".encode(), "© 2026 L'Étoile, tous droits réservés".encode()
    exif[0x010F], exif[0x0110], exif[0x9003] = "CameraMaker", "Model-77", "2026:11:22 08:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (12.0, 39.0, 9.0)
    content = jpeg(exif=exif, comment=b"internal remark", xmp=b"<x:xmpmeta>where-it-was</x:xmpmeta>")
    assert b"CameraMaker" in content
    for _, file in encode(content).files:
        assert "Awa Keïta".encode() in file
        assert "© 2026 L'Étoile, tous droits réservés".encode() in file
        for gone in (b"CameraMaker", b"Model-77", b"2026:11:22", b"internal remark", b"where-it-was", b"ICC_PROFILE"):
            assert gone not in file
        with Image.open(BytesIO(file)) as image:
            assert set(image.getexif()) == {0x013B, 0x8298}


def iptc(*said: tuple[int, bytes]) -> bytes:
    records = b"".join(b"\x1c\x02" + bytes([number]) + len(value).to_bytes(2) + value for number, value in said)
    resource = b"8BIM\x04\x04\0\0" + len(records).to_bytes(4) + records + b"\0" * (len(records) % 2)
    body = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + (len(body) + 2).to_bytes(2) + body


def xmp(within: str) -> bytes:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        f' photoshop:City="Bamako">{within}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


CREATORS = "<dc:creator><rdf:Seq><rdf:li>Moussa Diarra</rdf:li><rdf:li>أحمد علي</rdf:li></rdf:Seq></dc:creator>"
RIGHTS = (
    '<dc:rights><rdf:Alt><rdf:li xml:lang="fr">Tous droits réservés</rdf:li>'
    '<rdf:li xml:lang="x-default">© PANA 2026</rdf:li></rdf:Alt></dc:rights>'
)
ENTITY = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
OF_XMP: dict[str, tuple[bytes, str, str]] = {
    "both": (xmp(CREATORS + RIGHTS), "Moussa Diarra; أحمد علي", "© PANA 2026"),
    "one value": (xmp("<dc:creator>Awa  Keïta</dc:creator>"), "Awa Keïta", ""),
    "one language": (xmp('<dc:rights><rdf:Alt><rdf:li xml:lang="ar">جميع الحقوق</rdf:li></rdf:Alt></dc:rights>'),
                     "", "جميع الحقوق"),
    "nothing": (xmp("<dc:creator><rdf:Seq/></dc:creator>"), "", ""),
    "broken": (xmp(CREATORS)[:-60], "", ""),
    "an entity": (xmp("<dc:creator>&e;</dc:creator>").replace(b"<x:", ENTITY + b"<x:", 1), "", ""),
    "no XML": (b"\xff\xfe\0 Moussa", "", ""),
}  # fmt: skip


@every_row("packet, maker, notice", OF_XMP.values(), ids=OF_XMP)
def test_the_notices_of_xmp_are_kept_where_nothing_else_has_them(packet: bytes, maker: str, notice: str) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        content = png_with_xmp(packet) if kind == "PNG" else saved(drawn(300, 200), kind, xmp=packet)
        made = encode(content)
        assert set(opened(made).getexif()) == {tag for tag, said in ((ARTIST, maker), (COPYRIGHT, notice)) if said}
        for _, file in made.files:
            assert maker.encode() in file, kind
            assert notice.encode() in file, kind
            assert b"Bamako" not in file
            assert b"xmpmeta" not in file


def test_exif_goes_before_xmp() -> None:
    exif = Image.Exif()
    exif[ARTIST] = "Awa"
    made = encode(jpeg(exif=exif, xmp=xmp(CREATORS + RIGHTS)))
    assert opened(made).getexif()[ARTIST] == "Awa"
    assert b"Diarra" not in made.files[0][1]
    assert "© PANA 2026".encode() in made.files[0][1]


def png_with_xmp(packet: bytes) -> bytes:
    """As the specification of PNG has it (11.3.3.4, and XMP part 3)."""
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", packet.decode("utf-8", "replace"))
    return saved(drawn(300, 200), "PNG", pnginfo=info)


def test_the_notices_of_iptc_are_kept_where_exif_has_none() -> None:
    plain = jpeg(400, 300)
    content = plain[:2] + iptc((80, b"Moussa Diarra"), (116, b"PANA 2026"), (90, b"Bamako")) + plain[2:]
    (_, file), *_ = encode(content).files
    assert b"Moussa Diarra" in file
    assert b"PANA 2026" in file
    assert b"Bamako" not in file


@every_row(
    ("content", "said"),
    [
        (b"", "no picture of a kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "no picture of a kind"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "no picture of a kind"),
        (b"<!DOCTYPE html><html><img src=x onerror=alert(1)></html>", "no picture of a kind"),
        (b"%PDF-1.7\n", "no picture of a kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n", "no picture of a kind"),
        (saved(drawn(100, 100), "TIFF"), "no picture of a kind"),
        (saved(drawn(100, 100), "BMP"), "no picture of a kind"),
        (saved(drawn(64, 64), "ICO"), "no picture of a kind"),
        (jpeg()[:3_000], "cannot be read"),
        (saved(drawn(), "PNG")[:2_000], "cannot be read"),
        (jpeg()[:20], "picture"),
        (b"\xff\xd8\xff" + b"\0" * 1000, "picture"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 100, "picture"),
        (b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\0" * 100, "picture"),
        (png_that_says(30_000, 30_000), "pixels"),
        (png_that_says(10_000, 5_001), "pixels"),
        (png_that_says(2_000_000_000, 2_000_000_000, rows=0), "picture"),
    ],
)
def test_what_is_no_picture_or_too_large_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        encode(content)


def test_a_picture_as_large_as_may_be_is_read_in_a_process_of_its_limits() -> None:
    """1 GB of memory and 10 s of processor time."""
    side = int((MOST_PIXELS if SOAK else MOST_PIXELS // 10) ** 0.5)
    content = saved(Image.new("RGBA", (side, side), (*RED, 128)), "PNG", compress_level=1)

    async def made() -> EncodedPicture:
        workers = Workers(1)
        try:
            return await workers.call(named, ("aggregator.parse.picture", "encode", content))
        finally:
            await workers.close()

    assert [size.width for size, _ in asyncio.run(made()).files] == [320, 800, 1600]


def test_of_ten_thousand_frames_the_first_is_read() -> None:
    assert [size.width for size, _ in encode(gif_of(10_000)).files] == [64]


def test_what_hides_behind_a_picture_is_not_kept() -> None:
    page = b"<script>alert(document.cookie)</script>"
    for content in (jpeg(400, 300) + page, saved(drawn(400, 300), "GIF") + page, jpeg(400, 300, comment=page)):
        for _, file in encode(content).files:
            assert b"<script" not in file
            assert file.startswith(b"\xff\xd8\xff")


def test_the_same_bytes_give_the_same_files() -> None:
    one, other = encode(jpeg()), encode(jpeg())
    assert one == other
    assert encode(jpeg(quality=50)).digest != one.digest


SEEDS = [jpeg(120, 90), saved(drawn(120, 90), "PNG"), saved(drawn(120, 90), "WEBP"), saved(drawn(60, 50), "GIF")]


@settings(max_examples=examples(400), deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_a_damaged_picture_is_read_or_refused_and_nothing_else(content: bytes, data: st.DataObject) -> None:
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 8))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        made = encode(bytes(damaged[: data.draw(st.integers(1, len(damaged)))]))
    except ParseError:
        return
    for size, file in made.files:
        with Image.open(BytesIO(file)) as image:
            assert image.size == (size.width, size.height)
