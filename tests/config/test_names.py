"""Countries and languages by the names that people use."""

from __future__ import annotations

from aggregator.config.codes import countries_named, languages_named
from tests.rows import every_row

COUNTRIES = {
    "Mali": ["ML"], "mali": ["ML"], "MLI": ["ML"], "Côte d’Ivoire": ["CI"], "Cote d'Ivoire": ["CI"],
    "Ivory Coast": ["CI"], "Costa do Marfim": ["CI"], "Éthiopie": ["ET"], "ethiopia": ["ET"], "Tanzania": ["TZ"],
    "Tanzanie": ["TZ"], "South Africa": ["ZA"], "Afrique du Sud": ["ZA"], "مصر": ["EG"], "Niger": ["NE"],
    "Guinea": ["GN"], "DRC": ["CD"], "Congo": ["CD", "CG"], "Swaziland": ["SZ"], "Africa": ["XA"], "Kosovo": ["XK"],
    "Atlantis": [], "": [], "%": [], "en_%": [], "M": [],
}  # fmt: skip
LANGUAGES = {
    "French": ["fr"], "français": ["fr"], "FRANCAIS": ["fr"], "Swahili": ["sw"], "Kiswahili": ["sw"], "arabe": ["ar"],
    "Arabic": ["ar"], "Portuguese": ["pt"], "Português": ["pt"], "haoussa": ["ha"], "Amharic": ["am"], "Wolof": ["wo"],
    "Chichewa": ["ny"], "Tamasheq": ["taq"], "Klingonish": [], "": [], "fr%": [],
}  # fmt: skip


@every_row(("name", "codes"), COUNTRIES.items())
def test_a_country_is_known_by_its_names(name: str, codes: list[str]) -> None:
    assert countries_named(name) == codes


@every_row(("name", "codes"), LANGUAGES.items())
def test_a_language_is_known_by_its_names(name: str, codes: list[str]) -> None:
    assert languages_named(name) == codes
