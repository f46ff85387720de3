"""persons: names and mail addresses out of the bylines that publishers write."""

from __future__ import annotations

from hypothesis import given

from aggregator.model import Person
from aggregator.text.html import byline
from aggregator.text.persons import persons_of
from tests.hostile import hostile
from tests.rows import every_row

ANNA, BEN = Person("Anna", "a@b.example"), Person("Ben", "c@d.example")
BAUER = Person("Anna Bauer (dpa)", "a@b.example")


@every_row(
    ("said", "persons"),
    [
        ("Anna", (Person("Anna"),)),
        ("Anna (dpa)", (Person("Anna (dpa)"),)),
        ("a@b.example", (Person(None, "a@b.example"),)),
        ("a@b.example (Anna)", (ANNA,)),
        ("Anna <a@b.example>", (ANNA,)),
        ("Anna, a@b.example", (ANNA,)),
        ("mailto:a@b.example (Anna)", (ANNA,)),
        ("Bauer, Anna <a@b.example>", (Person("Bauer, Anna", "a@b.example"),)),
        ("a@b.example (Anna Bauer (dpa))", (BAUER,)),
        ("Anna Bauer (dpa), a@b.example", (BAUER,)),
        ("Anna Bauer (dpa) <a@b.example>", (BAUER,)),
        ("Anna (mailto:a@b.example)", (ANNA,)),
        ("Anna <mailto:a@b.example>", (ANNA,)),
        ("By Anna <a@b.example> in Paris", (Person("By Anna in Paris", "a@b.example"),)),
        ("(dpa) Anna (Paris) a@b.example", (Person("(dpa) Anna (Paris)", "a@b.example"),)),
        ("a@b.example (Anna), c@d.example (Ben)", (ANNA, BEN)),
        ("Anna <a@b.example>; Ben <c@d.example>", (ANNA, BEN)),
        ("Anna <a@b.example> et Ben <c@d.example>", (ANNA, BEN)),
        ("a@b.example, c@d.example", (Person(None, "a@b.example"), Person(None, "c@d.example"))),
        ("Anna (dpa), Ben (afp), a@b.example", (Person("Anna (dpa), Ben (afp)", "a@b.example"),)),
        ("", ()),
    ],
)
def test_who_wrote_it(said: str, persons: tuple[Person, ...]) -> None:
    assert persons_of(said) == persons


@given(hostile)
def test_a_byline_of_anything_is_read_and_reads_as_itself(said: str) -> None:
    shown = byline([said])
    assert "\n" not in shown
    assert persons_of(said) or not said


def test_in_a_byline_no_mail_address_is_shown() -> None:
    assert byline(["a@b.example (Anna Bauer (dpa))", "c@d.example (Ben)", "e@f.example"]) == "Anna Bauer (dpa), Ben"
