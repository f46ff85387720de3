"""`media:text` over an entry: a report, a transcript or a caption. A fixture pair says the rest."""

from __future__ import annotations

import time

from aggregator.model import Media, Text
from aggregator.text.pictures import MOST_MEDIA
from tests.parse.test_media import item, picture
from tests.rows import every_row

LONG = "Lorries cross the river again. " * 20
REPORT = f"<media:text type='plain'>{LONG}</media:text>"
LINE = "<media:text type='plain'>Malori yanavuka mto tena</media:text>"
RADIO = "<enclosure url='https://a.example/1.mp3' type='audio/mpeg'/>"


def texts(*said: str) -> tuple[Text, ...]:
    return tuple(Text(each, "text/plain", "media:text") for each in said)


@every_row(
    "inside",
    [
        REPORT,  # alone
        f"<description>Three months.</description>{REPORT}",  # beside a summary
        f"{picture('1')}{REPORT}",  # beside a picture
        f"<media:text/>{REPORT}<media:text> </media:text>",  # with an empty one
    ],
)
def test_a_report(inside: str) -> None:
    entry = item(inside)
    assert entry.content == texts(LONG)
    assert not any(media.caption for media in entry.media)


def test_a_longer_text_than_the_content_stands_behind_it() -> None:
    entry = item(f"<content:encoded>A teaser.</content:encoded>{REPORT}")
    assert entry.content == (Text("A teaser."), *texts(LONG))


@every_row(
    "inside",
    [
        "<description>{}</description><media:text>{}</media:text>",  # the summary once more
        "<content:encoded>&lt;p>{} Ijumaa.&lt;/p></content:encoded><media:text>{}</media:text>",  # part of it
        "<media:content url='https://a.example/1.jpg'><media:text>{}{}</media:text></media:content>",  # of a medium
        "<media:text> </media:text><media:text type='html'>&lt;p>&lt;/p></media:text>",  # nothing
    ],
)
def test_what_is_no_text_of_its_own(inside: str) -> None:
    entry = item(inside.format("Malori yanavuka mto", "Malori yanavuka mto"))
    assert not any(text.element for text in entry.content)


@every_row(
    ("inside", "captions"),
    [
        (f"{picture('1')}{LINE}", ["Malori yanavuka mto tena"]),
        (f"{picture('1', '<media:description>Mto</media:description>')}{LINE}", ["Mto"]),
        (f"<description>{LONG}</description>{RADIO}{LINE}", ["Malori yanavuka mto tena"]),
    ],
)
def test_a_caption(inside: str, captions: list[str]) -> None:
    entry = item(inside)
    assert [media.caption and media.caption.value for media in entry.media] == captions


def test_a_line_beside_a_picture_that_has_its_caption_is_content() -> None:
    assert item(f"{picture('1', '<media:description>Mto</media:description>')}{LINE}").content != ()


def test_what_is_said_in_a_recording_in_the_first_of_its_languages() -> None:
    said = [("sw", "Karibuni."), ("fr", "Bienvenue."), ("sw", "Daraja limefunguliwa."), ("ar", "أهلا.")]
    inside = "".join(f"<media:text type='plain' lang='{language}'>{words}</media:text>" for language, words in said)
    entry = item(RADIO + inside)
    assert entry.content == texts("Karibuni.", "Daraja limefunguliwa.")
    assert entry.media == (Media("https://a.example/1.mp3", "audio", "audio/mpeg"),)


def test_of_very_many_pieces_the_first() -> None:
    inside = "".join(f"<media:text type='html'>&lt;b>{number}</media:text>" for number in range(40_000))
    began = time.process_time()
    entry = item(f"<description>a</description>{inside}{picture('1') * MOST_MEDIA}")
    assert [text.value for text in entry.content[:2]] == ["<b>0", "<b>1"]
    assert len(entry.content) == 500
    assert time.process_time() - began < 5
