"""What publishers' own words say of a report's fate, and the many headlines that only look like it."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from aggregator.model import Article, Text
from aggregator.revisions.signals import embargo_of, is_withdrawal
from tests.conftest import NOW, make_articles, make_entry, make_publisher
from tests.rows import every_row


def article(title: str, summary: str = "", text: str = "") -> Article:
    (made,) = make_articles(make_publisher(), make_entry(title=Text(title, "text/plain")))
    return replace(made, summary=summary, text=text)


@every_row(
    "title",
    [
        "WITHDRAWN: Depot said to be holding back maize in flood district",
        "Withdrawn: Depot said to be holding back maize",
        "[WITHDRAWN] Depot said to be holding back maize",
        "(Withdrawn) Depot said to be holding back maize",
        "WITHDRAWN - Depot said to be holding back maize",
        "WITHDRAWN – Depot said to be holding back maize",
        "WITHDRAWN",
        "Story withdrawn",
        "STORY WITHDRAWN: Depot holds back maize",
        "Article removed",
        "This story has been withdrawn.",
        "This article was retracted",
        "KILL: Depot said to be holding back maize",
        "KILLED: Depot said to be holding back maize",
        "[KILL] Depot said to be holding back maize",
        "KILL -- Depot said to be holding back maize",
        "MANDATORY KILL: Depot holds back maize",
        "Kill notice: Depot holds back maize",
        "RETRACTED: Depot holds back maize",
        "Retraction: Depot holds back maize",
        "Retraction of the story: depot holds back maize",
        "RETIRÉ : Sahélis Carburants annonce la fin de la pénurie",
        "RETIRÉE : la pénurie prend fin",
        "[Retiré] La pénurie prend fin",
        "Article retiré : la pénurie prend fin",
        "Article retiré",
        "DÉPÊCHE ANNULÉE - la pénurie prend fin",
        "Dépêche annulée",
        "Cet article a été retiré.",
        "RETIRADO: ministro anuncia fim da seca",
        "RETIRADA: Ministra anuncia fim da seca",
        "Nota retirada: ministro anuncia o fim da seca",
        "Notícia retirada",
        "Esta notícia foi retirada",
        "Noticia retirada: el ministro anuncia",
        "Esta noticia ha sido retirada.",
        "سحب الخبر: الوزير يعلن",
        "تم سحب الخبر",
        "تم سحب هذا الخبر",
        "[سحب خبر] الوزير يعلن",
        "IMEONDOLEWA: Waziri atangaza",
        "Habari imeondolewa",
        "Habari hii imeondolewa: Waziri atangaza",
    ],
)
def test_a_label_at_the_head_is_a_withdrawal(title: str) -> None:
    assert is_withdrawal(article(title))


@every_row(
    "title",
    [
        "",
        "Minister withdrawn from ballot",
        "Withdrawn from the market: three cough syrups",
        "Troops withdrawn",
        "Troops withdrawn: what now for the east?",
        "Withdrawn candidates: the full list",
        "Withdrawn-from-service buses find a buyer",
        "Withdrawal: US to leave by March",
        "Withdrawal of troops: five questions",
        "Withdrawing troops: the timetable",
        "Kill switch law passes",
        "Kill-switch law: what it means",
        "Kill: an Indian film opens in Lagos",
        "Kill",
        "Kill Bill: the sequel",
        "KILL BILL: the sequel",
        "KILLED: TWELVE SOLDIERS IN AMBUSH",
        "Killed: the journalist who asked too much",
        "Killed in action: the story of a platoon",
        "Twelve killed: army",
        "Road kill: drivers blame darkness",
        "Retraction of claws: how cats do it",
        "Retracted statement haunts minister",
        "Court orders retraction: paper must pay",
        "Story of a withdrawn boy",
        "Article 12 removed from the bill",
        "Article 49 retiré de la loi",
        "Retiré du marché : un sirop dangereux",
        "Retiré : le projet de loi sur les terres",
        "Le ministre retiré de la liste",
        "La dépêche annulée fait scandale à la radio",
        "ANNULE ET REMPLACE : la pénurie prend fin",
        "Annule et remplace la dépêche de 10h",
        "Annulé : le concert de samedi",
        "Retirada: tropas deixam Cabo Delgado",
        "RETIRADA: TROPAS DEIXAM CABO DELGADO",
        "Retirada de tropas: o calendário",
        "Tropas retiradas",
        "Ministro retirado do cargo",
        "General retirado: «no hay paz»",
        "La retirada: una historia",
        "تم سحب القوات من الحدود",
        "سحب القوات: متى؟",
        "سحب الثقة من الحكومة: ماذا بعد؟",
        "Kodi imeondolewa kwenye mafuta",
        "REFILE: Depot holds back maize",
        "CORRECTED: Depot holds back maize",
        "Depot said to be holding back maize [WITHDRAWN by court]",
    ],
)
def test_news_that_uses_such_a_word_is_not(title: str) -> None:
    assert not is_withdrawal(article(title))


TOMORROW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@every_row(
    ("line", "until"),
    [
        ("EMBARGOED until 23 November 2026 10:00 GMT: Harvest report", TOMORROW),
        ("EMBARGOED UNTIL 10:00 GMT, MONDAY 23 NOVEMBER 2026 – Harvest report", TOMORROW),
        ("Embargoed for release until 10:00 GMT on Monday, 23 November 2026", TOMORROW),
        ("Strictly embargoed until 2026-11-23T10:00:00Z. Harvest report", TOMORROW),
        ("[Under embargo until 23 Nov 2026, 10:00 GMT] Harvest report", TOMORROW),
        ("Under strict embargo until Mon, 23 Nov 2026 12:00:00 +0200", TOMORROW),
        ("NOT FOR PUBLICATION BEFORE 23 November 2026, 10:00 GMT", TOMORROW),
        ("EMBARGO: 23 November 2026, 10:00 GMT. Harvest report", TOMORROW),
        ("Embargo until 23 November 2026, 10:00 GMT", TOMORROW),
        ("Sous embargo jusqu'au 23 novembre 2026 à 10h00 : récolte", TOMORROW),
        ("Sous embargo jusqu’au lundi 23 novembre 2026, 10h GMT", TOMORROW),
        ("Embargo até 23 de novembro de 2026, 10:00 GMT: colheita", TOMORROW),
        ("Embargado hasta el 23 de noviembre de 2026, 10:00 GMT", TOMORROW),
        ("Sperrfrist: 23.11.2026, 10:00 Uhr", TOMORROW),
        ("محظور النشر حتى 23 نوفمبر 2026 10:00", TOMORROW),
        ("Embargoed until 24 November 2026", datetime(2026, 11, 24, tzinfo=UTC)),
        ("Embargoed until 21 November 2026 10:00 GMT: Harvest report", None),
        ("Embargoed until noon on the day of the launch", "unreadable"),
        ("Embargoed until 10:00 GMT, Monday", "unreadable"),
        ("Embargoed until 10:00 GMT, 05/06/2026", "unreadable"),
        ("Sous embargo jusqu'à nouvel ordre", "unreadable"),
        ("Sperrfrist: Beginn der Rede", "unreadable"),
        ("Embargo: UN lifts ban on arms", None),
        ("Embargo until further notice on maize exports", None),
        ("Embargo on arms lifted", None),
        ("Embargoed goods found in Beira on 23 November 2027", None),
        ("Arms embargo until 23 November 2027, council says", None),
        ("Harvest report, embargoed until 23 November 2027", None),
        ("Le pays sous embargo jusqu'au 23 novembre 2027", None),
        ("", None),
    ],
)
def test_an_embargo_is_read_where_desks_put_it(line: str, until: object) -> None:
    assert embargo_of(article(line), NOW) == until
    assert embargo_of(article("Harvest report", summary=line), NOW) == until
    assert embargo_of(article("Harvest report", text=f"{line}\nThe harvest is in."), NOW) == until


def test_an_embargo_ends_at_its_minute() -> None:
    held = article("Embargoed until 23 November 2026 10:00 GMT")
    assert embargo_of(held, datetime(2026, 11, 23, 9, 59, 59, tzinfo=UTC)) == TOMORROW
    assert embargo_of(held, TOMORROW) is None


def test_words_deep_in_the_text_hold_nothing() -> None:
    assert embargo_of(article("News", text="First line.\nEmbargoed until 23 November 2027"), NOW) is None
