"""Makes files of our own out of the bytes of a picture. Runs in the parsing processes: what is huge, broken or hostile
costs that process and no more.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from io import BytesIO

from PIL import ExifTags, Image, ImageCms, ImageFile, ImageOps, IptcImagePlugin, UnidentifiedImageError

from aggregator.model.errors import ParseError
from aggregator.model.picture import EncodedPicture, PictureSize
from aggregator.parse import xmp

# By their content, whatever their name or media type says. What has scripts, links or pages (SVG, PDF, EPS, WMF) is
# never among them, and neither is what is seldom read and often broken.
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
WIDTHS = (320, 800, 1600)  # pixels; none larger than the picture is
MOST_PIXELS = 50_000_000  # of its frame, as its header says it, before anything is decoded
LEAST = 40  # pixels of either side; what is smaller counts visitors, or is an icon
_MOST_SIDES = 20  # so many times as long as wide; what is longer is a rule or a banner
_QUALITY = 82
_MOST_PROFILE = 1024 * 1024  # bytes of a colour profile that is applied
_MOST_NOTICE = 500  # characters of who made it, and whose it is
_ARTIST, _COPYRIGHT, _ORIENTATION = ExifTags.Base.Artist, ExifTags.Base.Copyright, ExifTags.Base.Orientation
_BYLINE, _NOTICE = (2, 80), (2, 116)  # IPTC-IIM 4.2, By-line and Copyright Notice


def encode(content: bytes) -> EncodedPicture:
    """The picture in up to three widths as JPEG: its first frame, upright, in the colours of sRGB, on white where it
    is transparent. Of what stands beside the pixels only its maker and its copyright notice are kept. Without files
    where it is too small. Raises ParseError for what is no picture, or has too many pixels.
    """
    digest = hashlib.sha256(content).hexdigest()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of remarks about broken metadata, which is not kept
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return EncodedPicture(digest=digest, files=tuple(_files(content)))
    except ParseError:
        raise
    except UnidentifiedImageError as error:
        raise ParseError(f"this is no picture of a kind that is read ({', '.join(_FORMATS)})") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ParseError(f"the picture has more than {MOST_PIXELS:,} pixels") from error
    except MemoryError:
        raise
    except Exception as error:  # the readers of formats raise whatever a broken file leads them to
        raise ParseError(f"the picture cannot be read: {error}") from error


def _files(content: bytes) -> Iterator[tuple[PictureSize, bytes]]:
    with Image.open(BytesIO(content), formats=_FORMATS) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS:
            raise ParseError(f"the picture has {width:,} x {height:,} pixels; at most {MOST_PIXELS:,} are read")
        if min(width, height) < LEAST or max(width, height) > _MOST_SIDES * min(width, height):
            return
        notices, turned = _notices(opened), _orientation(opened)
        largest = WIDTHS[-1]
        if opened.format == "JPEG":  # decodes at an eighth, a quarter or half of its size, never below what is asked
            opened.draft(None, (largest, largest))
        opened.load()
        image = _upright(_in_srgb(opened), turned)
    image.info = {}  # of which a comment, among others, would be written again
    full, whole = image.size, min(image.width, largest)
    widths = [*(each for each in WIDTHS if each < whole), whole]
    made: list[tuple[PictureSize, bytes]] = []
    for width in reversed(widths):  # each of the one before: of a large picture only the first takes long
        height = max(1, round(full[1] * width / full[0]))
        if (width, height) != image.size:
            image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        file = BytesIO()
        image.save(file, "JPEG", quality=_QUALITY, optimize=True, progressive=True, exif=notices)
        made.append((PictureSize(width=width, height=height), file.getvalue()))
    yield from reversed(made)


def _in_srgb(image: Image.Image) -> Image.Image:
    """Its colours as sRGB, without transparency."""
    flat = _flat(image)
    profile = image.info.get("icc_profile")
    if isinstance(profile, bytes) and 0 < len(profile) <= _MOST_PROFILE and flat.mode in ("RGB", "CMYK", "L"):
        try:
            applied = ImageCms.profileToProfile(
                flat, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            applied = None  # a profile that cannot be read, or is of other colours
        if applied is not None:
            return applied
    return flat if flat.mode in ("RGB", "L") else flat.convert("RGB")


def _flat(image: Image.Image) -> Image.Image:
    """Of eight bits a channel, on white."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits of grey, which `convert` would cut off and not scale
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        seen = image.convert("RGBA")
        flat = Image.new("RGB", seen.size, "white")
        flat.paste(seen, mask=seen.getchannel("A"))
        return flat
    if image.mode in ("RGB", "L", "CMYK"):
        return image.copy()
    return image.convert("L" if image.mode == "1" else "RGB")


def _orientation(image: Image.Image) -> int:
    """How the camera was held (Exif 2.32, 4.6.4 A); 1: upright, or not stated."""
    try:
        stated = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a broken table of tags, of which there are many kinds
        return 1
    return stated if isinstance(stated, int) and 1 <= stated <= 8 else 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    if orientation == 1:
        return image
    said = image.getexif()
    said.clear()
    said[_ORIENTATION] = orientation
    image.info.pop("exif", None)
    return ImageOps.exif_transpose(image)


def _notices(image: ImageFile.ImageFile) -> Image.Exif:
    """Who made it and whose it is, as EXIF, or else IPTC, or else XMP states it. Nothing else: no place, no camera, no
    day.
    """
    found = {tag: _stated(image, tag, of_iptc) for tag, of_iptc in ((_ARTIST, _BYLINE), (_COPYRIGHT, _NOTICE))}
    packet = image.info.get("xmp")
    if isinstance(packet, bytes) and not all(found.values()):
        of_xmp = dict(zip((_ARTIST, _COPYRIGHT), xmp.notices_of(packet), strict=True))
        found = {tag: said or _shown(of_xmp[tag]) for tag, said in found.items()}
    kept = Image.Exif()
    for tag, said in found.items():
        if said:
            kept[tag] = said.encode()  # EXIF knows ASCII alone; UTF-8 is what everybody writes
    return kept


def _stated(image: ImageFile.ImageFile, tag: int, of_iptc: tuple[int, int]) -> str:
    try:
        said: object = image.getexif().get(tag) or (IptcImagePlugin.getiptcinfo(image) or {}).get(of_iptc)
    except Exception:  # as above
        return ""
    if isinstance(said, list):
        said = said[0] if said else ""
    if isinstance(said, str):  # which Pillow read as Latin-1
        said = said.encode("latin-1", "replace")
    if not isinstance(said, bytes):
        return ""
    try:
        text = said.decode()
    except UnicodeDecodeError:
        text = said.decode("latin-1")
    return _shown(text)


def _shown(text: str) -> str:
    return "".join(each for each in text if each.isprintable())[:_MOST_NOTICE].strip()
