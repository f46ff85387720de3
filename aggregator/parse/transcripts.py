"""What a publisher says in `media:text` over an entry: its whole report, what is said in a recording, or a caption.

By Media RSS (https://www.rssboard.org/media-rss#media-text) it is the transcript, the lyrics or the closed captions of
a medium, often in several pieces and languages. Publishers put whole reports into it, or their summary once more. Where
it stands within a `media:content` it is read with that (`media`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from aggregator.model import Media, Text
from aggregator.parse.media import text_of
from aggregator.parse.xml import Element
from aggregator.text.html import plain

_MOST_PIECES = 500
_LONGEST_CAPTION = 500  # characters


def with_texts(
    said: Sequence[Element], summary: Text | None, content: tuple[Text, ...], media: tuple[Media, ...]
) -> tuple[tuple[Text, ...], tuple[Media, ...]]:
    """Content and media, with what is `said` in the first of its languages: as content where the entry has no words of
    its own that are as long, unless it may be a picture's caption; else as the caption of the first medium.
    """
    language = said[0].attributes.get("lang")
    of_language = (each for each in said if each.attributes.get("lang") == language)
    found = [text for each in islice(of_language, _MOST_PIECES) if (text := text_of(each))]
    texts = [replace(text, element="media:text") for text in found]
    words, own = "\n".join(filter(None, map(plain, texts))), [plain(text) for text in (summary, *content)]
    if any(words in each for each in own):
        return content, media
    if len(words) > max(map(len, own)) and not _is_caption(words, media):
        return (*content, *texts), media
    if media and media[0].caption is None:
        return content, (replace(media[0], caption=texts[0]), *media[1:])
    return content, media


def _is_caption(words: str, media: Sequence[Media]) -> bool:
    """Whether it may be that of a picture: one paragraph, and not longer than they are."""
    is_picture = bool(media) and media[0].caption is None and all(each.medium in (None, "image") for each in media)
    return is_picture and len(words) <= _LONGEST_CAPTION and "\n" not in words
