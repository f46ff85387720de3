"""A publisher's warning before disturbing words: its own words, in several languages, and no others."""

from __future__ import annotations

from msgspec.structs import replace

from aggregator.output.content_warning import content_warning
from tests.releases import released
from tests.rows import every_row

REPORT = replace(released("web")[0], headline="A bridge", text="It fell.\nTwo people died.", summary="", categories=())


@every_row(
    "line",
    [
        "Warning: this report contains graphic descriptions of violence",
        "CONTENT WARNING: suicide",
        "(Viewer discretion is advised)",
        "Attention : certaines images peuvent être choquantes",
        "Avertissement : ce récit contient des scènes difficiles",
        "Aviso: conteúdo sensível, imagens fortes",
        "Onyo: picha za kusikitisha",
        "تحذير: صور صادمة",
    ],
)
def test_a_line_that_warns(line: str) -> None:
    assert content_warning(replace(REPORT, text=f"BAMAKO -\n{line}\nIt fell.")) == line
    assert content_warning(replace(REPORT, headline=line)) == line
    assert content_warning(replace(REPORT, text="", summary=line)) == line


@every_row(
    "line",
    [
        "Flood warning: the river rises",
        "The minister issued a warning about graphic novels in schools yesterday",
        "Attention, travaux sur la route",
        "Onyo la mafuriko latolewa",
        "تحذير من فيضان النهر",
        "Warning: " + "violent words " * 40,
        "",
    ],
)
def test_a_line_that_does_not(line: str) -> None:
    assert content_warning(replace(REPORT, text=f"{line}\nIt fell.")) is None


def test_far_below_nobody_is_warned_any_more_and_codes_are_named() -> None:
    assert content_warning(replace(REPORT, text="It fell.\n" * 9 + "Content warning: violence")) is None
    assert content_warning(replace(REPORT, categories=("Floods", "cwarn:death", "cwarn:violence"))) == "death, violence"
    iptc = "http://cv.iptc.org/newscodes/contentwarning/suffering"
    assert content_warning(replace(REPORT, categories=(iptc,))) == "suffering"
