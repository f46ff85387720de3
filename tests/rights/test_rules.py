"""rules: each rule between the keys of rights, broken once, in the words of its fault; texts and addresses too."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from aggregator.model import Contact, Images, Publisher, Rights
from aggregator.rights import (
    MOST_EXCERPT_WORDS,
    did_you_mean,
    fault,
    faults_of_disclaimers,
    faults_of_publisher,
    faults_of_rights,
    is_address,
    notices,
)
from aggregator.rights.templates import fields_of, fill
from tests.rights.test_rights import AGREEMENT, DAILY, DESK, OPEN, OWN, QUOTATION, WIRE
from tests.rows import every_row

BROKEN: list[tuple[Rights, dict[str, object], str]] = [
    (
        QUOTATION,
        {"text_scope": "full_text", "copyright_holder": "Daily Ltd"},
        'rights.text_scope: found "full_text", expected at most "excerpt", because basis is "quotation"',
    ),
    (
        QUOTATION,
        {"basis": "none", "images": Images(scope="per_image_licence")},
        'rights.images.scope: found "per_image_licence", expected "none", because basis is "none"',
    ),
    (
        OWN,
        {"basis": "public_domain"},
        'rights.basis: found "public_domain", expected "own", because relationship is "own"',
    ),
    (
        AGREEMENT,
        {"basis": "own", "images": Images(scope="none")},
        'rights.basis: found "own", expected another than "own", because relationship is "partner"',
    ),
    (
        OPEN,
        {"licence": None},
        "rights.licence: found nothing, expected the licence's SPDX id, such as CC-BY-4.0, "
        'because basis is "open_licence"',
    ),
    (
        QUOTATION,
        {"licence": "CC-BY-NC-DN-4.0"},
        'rights.licence: found "CC-BY-NC-DN-4.0", expected an SPDX id, such as CC-BY-4.0 or CC-BY-NC-ND-4.0, '
        "or LicenseRef-NAME",
    ),
    (
        OPEN,
        {"licence_url": None},
        'rights.licence_url: found nothing, expected the address of the licence, because basis is "open_licence"',
    ),
    (
        QUOTATION,
        {"licence_url": "the licence"},
        'rights.licence_url: found "the licence", expected the address of the licence',
    ),
    (
        OPEN,
        {"edits": "style_only"},
        'rights.edits: found "style_only", expected "none", because CC-BY-ND-4.0 allows no derivatives',
    ),
    (
        OPEN,
        {"translation": "with_label"},
        'rights.translation: found "with_label", expected "no", because CC-BY-ND-4.0 allows no derivatives',
    ),
    (
        OPEN,
        {"licence": "CC-BY-NC-4.0", "commercial_use": "yes"},
        'rights.commercial_use: found "yes", expected "no" or "ask", because CC-BY-NC-4.0 is non-commercial',
    ),
    (
        AGREEMENT,
        {"copyright_holder": " ", "copyright_notice": None},
        'rights.copyright_holder: found " ", expected a holder, or a copyright_notice, '
        'because text_scope is "full_text"',
    ),
    (
        OPEN,
        {"images": Images(scope="same_as_text")},
        'rights.images.scope: found "same_as_text", expected "none" or "per_image_licence": an open licence covers the '
        "text only",
    ),
    (
        OPEN,
        {"images": Images(scope="agreement")},
        'rights.images.scope: found "agreement", expected another scope, because basis is "open_licence"',
    ),
    (
        QUOTATION,
        {"images": Images(scope="none", hotlink=True)},
        'rights.images.hotlink: found true, expected false, because images.scope is "none"',
    ),
    (
        AGREEMENT,
        {"storage": "transient"},
        'rights.retention_days: found nothing, expected a number of days, because storage is "transient"',
    ),
    (
        AGREEMENT,
        {"retention_days": 30},
        'rights.retention_days: found 30, expected no such key, because storage is "keep"',
    ),
    (
        AGREEMENT,
        {"storage": "transient", "retention_days": 36_501},
        "rights.retention_days: found 36501, expected a number of days from 1 to 36500",
    ),
    (
        QUOTATION,
        {"excerpt_max_words": MOST_EXCERPT_WORDS + 1},
        f"rights.excerpt_max_words: found {MOST_EXCERPT_WORDS + 1}, expected a number from 1 to {MOST_EXCERPT_WORDS}",
    ),
    (
        AGREEMENT,
        {"tracking_pixel": "http://pixel.test/{id}"},
        'rights.tracking_pixel: found "http://pixel.test/{id}", expected an https address, in whose path or query '
        "{id}, {publisher} and {url} may stand",
    ),
]


@every_row(("sound", "changed", "said"), BROKEN, ids=[said.partition(", expected")[0] for *_, said in BROKEN])
def test_a_broken_rule_is_one_fault_in_these_words(sound: Rights, changed: dict[str, object], said: str) -> None:
    assert faults_of_rights(sound) == ()
    assert faults_of_rights(replace(sound, **changed)) == (said,)


@every_row(
    ("template", "is_sound"),
    [
        ("https://pixel.test/{id}?u={url}&p={publisher}", True),
        ("https://pixel.test/{id}?u={original_url}", False),
        ("https://pixel.test/", True),
        ("https://{host}/a.gif", False),
        ("https://[bad/{id}", False),
        ("https://pixel.test/{ID}", False),
        ("https://me@pixel.test/{id}", False),
        ("pixel.test/{id}", False),
    ],
)
def test_a_tracking_pixel_has_an_address_of_its_own(template: str, is_sound: bool) -> None:
    assert (faults_of_rights(replace(AGREEMENT, tracking_pixel=template)) == ()) is is_sound


@every_row(
    ("value", "is_one"),
    [
        ("https://daily.test/a?b=c#d", True),
        ("http://192.0.2.1:8080/", True),
        ("http://[2001:db8::1]/", True),
        ("ftp://daily.test/", False),
        ("//daily.test/", False),
        ("daily.test", False),
        ("https://daily.test/a b", False),
        ("https://daily.test/\u200b", False),
        ("https://daily.test/\u202e", False),
        ("https://daily.test/{id}", False),
        ("https://me:pw@daily.test/", False),
        ("https://daily.test:99999/", False),
        ("https://daily.test:0/", False),
        ("https://[daily.test]/", False),
        ("https://[::1/", False),
        ("https:///a", False),
        ("https://daily..test/", False),
    ],
)
def test_what_an_address_is(value: str, is_one: bool) -> None:
    assert is_address(value) is is_one


# The texts that stand beside a report


@every_row(
    ("changed", "said"),
    [
        (
            {"rights": OWN},
            'rights.relationship: found "own", expected another than "own", because kind is "newspaper"',
        ),
        ({"name": "The {Daily}"}, 'name: found "The {Daily}", expected one line of text without braces'),
        ({"place": "Bamako\n"}, 'place: found "Bamako\\n", expected one line of text without braces'),
        (
            {"contact": Contact(corrections="desk\x00")},
            'contact.corrections: found "desk\\u0000", expected one line of text without braces',
        ),
        (
            {"rights": replace(QUOTATION, credit=" ")},
            'rights.credit: found " ", expected a text that is not empty and has no control characters',
        ),
        (
            {"rights": replace(QUOTATION, credit="{publisher} {holder}")},
            'rights.credit: found "{holder}", expected rights.copyright_holder to be set, or a text without {holder}',
        ),
        (
            {"rights": replace(QUOTATION, copyright_notice="© {publisher")},
            'rights.copyright_notice: found "© {publisher", expected only the fields {holder}, {homepage}, {licence}, '
            '{licence_url}, {place}, {publisher}, {wire}; did you mean "publisher"?',
        ),
        (
            {"rights": replace(QUOTATION, credit="{publishers}")},
            'rights.credit: found "{publishers}", expected only the fields {holder}, {homepage}, {licence}, '
            '{licence_url}, {place}, {publisher}, {wire}; did you mean "publisher"?',
        ),
        (
            {"disclaimers": {"third_party": "Write to {publisher} under {licence_name}."}},
            'disclaimers.third_party: found "{licence_name}", expected rights.licence to be set, or a text without '
            "{licence_name}",
        ),
        (
            {"disclaimers": {"withdrawn": "{publisher} took it back on {time}. {licence_name}"}},
            'disclaimers.withdrawn: found "{licence_name}", expected rights.licence to be set, or a text without '
            "{licence_name}",
        ),
    ],
)
def test_a_text_that_could_not_be_resolved_is_a_fault(changed: dict[str, object], said: str) -> None:
    assert said in faults_of_publisher(replace(DAILY, **changed))
    assert faults_of_publisher(DAILY) == ()


def test_texts_of_a_publisher_have_known_names_and_known_fields() -> None:
    unknown, fields = faults_of_disclaimers({"withdrawm": "Gone.", "gone": "{time} {holder}"})
    assert unknown.startswith("disclaimers.withdrawm: found an unknown name, expected one of corrected, excerpt, ")
    assert unknown.endswith('; did you mean "withdrawn"?')
    assert fields.startswith('disclaimers.gone: found "{time} {holder}", expected only the fields {complaints_url}, ')


def test_a_publishers_own_notices_keep_what_each_report_fills_in() -> None:
    texts = {
        "withdrawn": "{publisher} took it back on {time}; ask {corrections_contact} or {wire}.",
        "legal": "Removed{demand_detail}, see {original_url}: {reason}",
        "opinion": "It is {publisher}'s.",
    }
    own: Publisher = replace(DAILY, disclaimers=texts)
    assert faults_of_publisher(replace(own, disclaimers={"withdrawn": texts["withdrawn"]})) == ()
    assert notices(own, WIRE) == {
        "withdrawn": "The Daily took it back on {time}; ask https://daily.test/ or Test Wire.",
        "legal": "Removed{demand_detail}, see {original_url}: {reason}",
    }
    assert notices(DESK, WIRE) == {}


# Words of faults, and templates


@every_row(
    ("found", "shown"),
    [
        (None, "nothing"),
        ("é\n", '"é\\n"'),
        (True, "true"),
        (["a", 1], '["a", 1]'),
        ("x" * 78, f'"{"x" * 78}"'),
        ("x" * 79, f'"{"x" * 76}...'),
    ],
)
def test_a_fault_shows_what_was_found_and_no_more_than_a_line_of_it(found: object, shown: str) -> None:
    assert fault("rights.credit", found, "a text") == f"rights.credit: found {shown}, expected a text"


def test_a_word_that_is_nearly_a_known_one_is_suggested() -> None:
    assert did_you_mean("full-text", ["full_text", "excerpt"]) == '; did you mean "full_text"?'
    assert did_you_mean("everything", ["full_text", "excerpt"]) == ""


def test_the_fields_of_a_template_are_plain_names() -> None:
    assert fields_of("By {publisher} ({place}), {publisher}") == ("publisher", "place", "publisher")
    assert fill("By {publisher} ({place})", {"publisher": "{x}", "place": "Ségou"}) == "By {x} (Ségou)"
    with pytest.raises(KeyError):
        fill("{place}", {"publisher": "The Daily"})


@every_row("template", ["{publisher!r}", "{publisher:>9}", "{{publisher}}", "{publisher", "publisher}"])
def test_a_template_that_does_more_than_fill_in_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        fields_of(template)
