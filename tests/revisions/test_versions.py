"""What changed between two versions: sentences always count, what is volatile never does."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.desk import acts
from aggregator.desk.housekeeping import release_embargoes
from aggregator.desk.terms import sync
from aggregator.model import Cause, Publisher, Text, Words
from aggregator.model.errors import DeskError
from aggregator.revisions.compare import (
    comparable,
    kind_of_change,
    may_be_pending,
    same_report,
    same_sentences,
    unstable,
    what_changed,
    words_of,
)
from aggregator.store import Store
from aggregator.store.queries import history
from aggregator.text.dates import to_iso
from tests.conftest import NOW, QUOTATION, WIRE, examples, file_of, make_articles, make_entry, make_publisher, record
from tests.rows import every_row

BODY = "<p>Bamako. Police say 38 per cent of the shops closed on 3 May.</p><p>The toll rose to 4 dead.</p>"


def make_words(body: str = BODY, **fields: object) -> Words:
    made = Words(title="Shops close", summary="", text=body, url="https://a.example/1", raw_content=(Text(body),))
    return replace(made, **fields)


ADDED = [
    "<p>1,204 views</p>",
    "<p>34 comments</p>",
    "<p>٣٤ تعليق</p>",
    "<p>12 partages</p>",
    "<p>12 comentários | 7 partilhas</p>",
    "<p>Maoni 12</p>",
    "<p>Views: 12,003</p>",
    "<p># Comments: 12</p>",
    "<p>No comments yet</p>",
    "<p>5 minutes ago</p>",
    "<p>Updated 2 hours ago</p>",
    "<p><time>3 days ago</time></p>",
    "<div>Posted <span class='timeago'>5 mins ago</span></div>",
    "<p>il y a 5 minutes</p>",
    "<p>Publié il y a une heure</p>",
    "<p>há 5 minutos</p>",
    "<p>hace 5 minutos</p>",
    "<p>منذ 5 دقائق</p>",
    "<p>dakika 5 zilizopita</p>",
    "<p>mwezi mmoja uliopita</p>",
    "<p>5 minutes ago · 34 comments · 7 shares</p>",
    '<div class="sharedaddy sd-sharing-enabled"><h3>Share this:</h3><ul><li>Facebook (34)</li></ul></div>',
    '<div class="feedflare"><a href="http://f.example/~ff/x?a=Fv:aU"><img src="http://f.example/~ff/x?i=Fv"></a></div>',
    '<div class="addtoany_share_save_container"><a href="https://www.addtoany.com/share?x=1">Share</a></div>',
    '<p><a href="https://www.facebook.com/sharer/sharer.php?u=x">Share on Facebook 12</a></p>',
    '<img src="http://feeds.feedburner.com/~r/Daily/~4/Ab12" height="1" width="1"/>',
    '<img src="https://pixel.wp.com/b.gif?rand=0.123">',
    '<img src="https://count.example/hit?n=9" style="display:none">',
    '<input type="hidden" name="_wpnonce" value="8f3a"><!-- cached 12:01:03 -->',
    "<script>var nonce = '38';</script><style>p{top:4px}</style>",
    '<p><a class="x" href="https://a.example/1?utm_source=rss">Read more</a></p>',
    '<a href="https://a.example/1#more">Continue reading Shops close →</a>',
    "<p><a href='https://a.example/1'>Lire la suite…</a></p>",
    "<p>Leia mais</p>",
    "<p>Soma zaidi</p>",
    "<p>اقرأ المزيد</p>",
    '<p>The post <a href="https://a.example/1">Shops close</a> appeared first on <a href="https://a.example">A</a>.</p>',
    '<p>L’article <a href="/1">Shops close</a> est apparu en premier sur <a href="/">A</a>.</p>',
    "<p>The post Shops close appeared first on The Daily.</p>",
    '<div class="ad-slot-3"><a href="https://ad.example/38">Buy 38 shoes</a></div>',
    '<ins class="adsbygoogle" data-ad-slot="1"></ins>',
    '<div class="related-posts"><h3>Related</h3><ul><li><a href="/7">Rain falls on Ségou</a></li></ul></div>',
    '<p><strong>Read also: </strong><a href="/7">Rain falls on Ségou</a></p>',
    '<p>Lire aussi : <a href="/7">La pluie tombe</a></p>',
    '<h3>Related articles</h3><ul><li><a href="/7">Rain</a></li><li><a href="/8">38 more floods</a></li></ul>',
    " \n\u200b&nbsp; ",
    "[…]",
]


@every_row("added", ADDED)
def test_what_is_volatile_makes_no_revision(added: str) -> None:
    before, after = make_words(), make_words(BODY + added)
    assert comparable(after) == comparable(before)
    assert what_changed(before, after) == ()
    assert same_report(after, before)


SAME = [
    ('<img src="https://i0.wp.com/a.example/p.jpg?resize=300">', '<img src="https://i2.wp.com/a.example/p.jpg?w=9">'),
    ('<img src="https://c.example/p.jpg?v=1">', '<img src="https://c.example/p.jpg?v=2">'),
    ('<img src="/p-300x200.jpg">', '<img src="/p-1024x683.jpg">'),
    ('<a href="http://a.example/x?PHPSESSID=1&id=4">x</a>', '<a href="https://www.a.example/x?id=4">x</a>'),
    ('<a href="/x;jsessionid=AB">x</a>', '<a href="/x;jsessionid=CD">x</a>'),
    ('<a href="http://A.example:80/é">x</a>', '<a href="https://a.example/%C3%A9/#top">x</a>'),
    ('<p class="a" data-nonce="1">x</p>', "<div>\n\tx</div>"),
    ("<p>x<br/>y</p>", "<p>x</p>\n<p>y</p>"),
    ("<p>It&#8217;s&nbsp;x</p>", "<p>It’s x</p>"),
    ("<p>Views: 3</p>", "<p>Views: 4</p>"),
]


@every_row(("old", "new"), SAME)
def test_what_varies_by_itself_makes_no_revision(old: str, new: str) -> None:
    assert what_changed(make_words(BODY + old), make_words(BODY + new)) == ()


DIFFERENT = [
    ("<p>38 per cent</p>", "<p>28 per cent</p>"),
    ("<p>3 dead</p>", "<p>4 dead</p>"),
    ("<p>2-1</p>", "<p>2-2</p>"),
    ("<p>CFA 500</p>", "<p>CFA 600</p>"),
    ("<p>On 3 May.</p>", "<p>On 4 May.</p>"),
    ("<p>٣ قتلى</p>", "<p>٤ قتلى</p>"),
    ("<p>He was shot 3 days ago.</p>", "<p>He was shot 5 days ago.</p>"),
    (
        "<p>Published 3 days ago, the report counts 38 dead.</p>",
        "<p>Published 4 days ago, the report counts 38 dead.</p>",
    ),
    ("<p>The film had 3 million views.</p>", "<p>The film had 4 million views.</p>"),
    ("<p>Il y a 5 minutes, le car est parti.</p>", "<p>Il y a 8 minutes, le car est parti.</p>"),
    ("<ul><li>1,200 shares</li></ul>", "<ul><li>1,300 shares</li></ul>"),
    ("<table><tr><td>12 visits</td></tr></table>", "<table><tr><td>13 visits</td></tr></table>"),
    ("<p>We <a href='/x'>read more than 38 books</a></p>", "<p>We <a href='/x'>read more than 28 books</a></p>"),
    (
        "<p>The post office appeared first on the list of 38.</p>",
        "<p>The post office appeared first on the list of 28.</p>",
    ),
    ("<p>See also the 38 laws.</p>", "<p>See also the 28 laws.</p>"),
    ("<p>Related: 38 shops.</p>", "<p>Related: 28 shops.</p>"),
    ("<p><del>38</del> <ins>28</ins></p>", "<p><del>38</del> <ins>27</ins></p>"),
    ("<p class='shareholders'>Paid 38.</p>", "<p class='shareholders'>Paid 28.</p>"),
    ("<p>a < 38 and b > 4</p>", "<p>a < 28 and b > 4</p>"),
    ('<a href="/%0A%EE%80%82">38</a>', '<a href="/%0A%EE%80%82">28</a>'),
    ('<a href="/law?id=38">law</a>', '<a href="/law?id=28">law</a>'),
    ('<img src="/a.jpg">', '<img src="/b.jpg">'),
    ('<img src="/a.jpg" alt="3 dead">', '<img src="/a.jpg" alt="4 dead">'),
    ("<!-- open <p>38</p>", "<!-- open <p>28</p>"),
    ("<div class='share'>unclosed <p>38</p>", "<div class='share'>unclosed <p>28</p>"),
    ("<p>word word</p>", "<p>wordword</p>"),
]


@every_row(("old", "new"), DIFFERENT)
def test_a_change_of_a_word_or_a_number_is_a_revision(old: str, new: str) -> None:
    assert what_changed(make_words(BODY + old), make_words(BODY + new)) == ("body",)


def test_a_report_inside_an_element_with_a_volatile_name_is_still_a_report() -> None:
    long = "The minister told 38 reporters that the price of bread would not rise again. " * 4
    old, new = (f"<div class='related'><p>{text}</p></div>" for text in (long, long.replace("38", "28")))
    assert what_changed(make_words(old), make_words(new)) == ("body",)


def test_each_field_is_named() -> None:
    before = make_words(byline="Awa", published=NOW, raw_summary=Text("One."))
    for name, fields in {
        "title": {"title": "Shops shut"},
        "summary": {"raw_summary": Text("Two.")},
        "body": {"raw_content": (Text("x"),)},
        "byline": {"byline": "Awa Keïta"},
        "url": {"url": "https://a.example/2"},
        "dates": {"published": NOW + timedelta(1)},
    }.items():
        assert what_changed(before, replace(before, **fields)) == (name,)  # type: ignore[arg-type]
    drifted = replace(before, url="http://www.a.example/1/?utm_source=rss#x", title=" Shops  close")
    assert what_changed(before, drifted) == ()
    assert what_changed(before, make_words()) == ("summary", "byline", "dates")


def test_a_report_without_a_body_changes_its_summary_only() -> None:
    before = Words(title="t", summary="38 shops", text="38 shops")
    assert what_changed(before, replace(before, summary="28 shops", text="28 shops")) == ("summary",)


def test_words_that_are_not_kept_are_compared_by_their_hash() -> None:
    bare = Words(title="t", words_hash=b"1")
    assert what_changed(bare, replace(bare, words_hash=b"2")) == ("body",)
    assert what_changed(bare, bare) == ()
    assert what_changed(bare, make_words(title="t", url=None, words_hash=b"1")) == ()  # let go since; not changed
    assert what_changed(bare, replace(bare, words_hash=b"2", title="u")) == ("title",)


SENTENCES = [
    "The blast killed 4 people 5 minutes ago, and 38 per cent of 1,200 shares fell.",
    "Le car est parti il y a 12 minutes avec 34 vues sur le port.",
    "O ministro falou há 5 minutos de 7 comentários.",
    "Mvua ilinyesha dakika 5 zilizopita katika vijiji 38.",
    "قال الوزير منذ 5 دقائق إن 38 شخصا قتلوا.",
    "Read more than 38 books, the minister said on 3 May 2026.",
    "The post of 12 May appeared first on page 7 of the paper.",
    "Related costs: 38 million, up from 28 million.",
    "Updated 5 hours ago by 38 clerks, the register counts 7 dead.",
    "Scores were 2-1, 3-3 and 104 for 7 | 38 overs played there.",
]
WRAPPERS = ["{}", "<p>{}</p>", "<div class='entry'><p><b>x</b> {}</p></div>", "<li>{}</li>", "<p>{} <br>y</p>"]


@given(st.sampled_from(SENTENCES), st.sampled_from(WRAPPERS), st.sampled_from(ADDED), st.data())
def test_any_letter_or_digit_of_a_sentence_counts(
    sentence: str, wrapper: str, beside: str, data: st.DataObject
) -> None:
    places = [place for place, character in enumerate(sentence) if character.isalnum()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from("0123456789" if sentence[place].isdigit() else "abzKمق"))
    edited = sentence[:place] + other + sentence[place + 1 :]
    before, after = (make_words(wrapper.format(text) + beside) for text in (sentence, edited))
    assert (what_changed(before, after) == ()) is (edited == sentence)


word = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9)


@given(st.lists(word, min_size=5, max_size=12), st.lists(st.sampled_from(ADDED), max_size=4), st.booleans())
def test_volatile_bits_never_count(words: list[str], bits: list[str], first: bool) -> None:
    sentence = f"<p>{' '.join(words)}.</p>"
    added = "".join(bit for bit in bits if not bit.startswith("["))
    after = make_words(added + sentence if first else sentence + added)
    assert what_changed(make_words(sentence), after) == ()


@given(st.text(st.sampled_from("<>/!-ab'\"= \n&;#p1"), max_size=80), st.text(max_size=40))
def test_no_markup_breaks_the_reading(markup: str, text: str) -> None:
    words = make_words(markup + text, title=text)
    assert comparable(words) == comparable(words)
    assert what_changed(words, words) == ()


@every_row(
    "piece",
    ["<a ", "<!--", "<script>", "<b>", "</i>", "(", " ", "- ", "<a href='", "5 ", "\u00a0", '<p class="share">'],
)
def test_a_hostile_document_is_read_in_no_time(piece: str) -> None:
    started = datetime.now(UTC)
    comparable(make_words(piece * 50_000))
    assert datetime.now(UTC) - started < timedelta(seconds=5)


def test_the_words_of_an_article_are_those_of_its_entry() -> None:
    (article,) = make_articles(make_publisher(), make_entry())
    words = words_of(article)
    assert words.raw_content == make_entry().content
    assert (words.title, words.byline) == ("Le pont numéro 1 rouvre", "Awa Keïta")
    (other,) = make_articles(make_publisher(), make_entry(updated="Sun, 22 Nov 2026 08:00:00 GMT"))
    assert what_changed(words, words_of(other)) == ("dates",)


def is_correction(line: str) -> bool:
    return line.startswith("Correction:")


NOTE = "Correction: The price rose by 28 per cent."
KINDS = [
    ("a", "b", "revised"),
    ("a", f"a\n{NOTE}", "corrected"),
    (f"a\n{NOTE}", f"b\n{NOTE}", "revised"),  # a note that stands
    (f"a\n{NOTE}", f"a\n{NOTE[:-1]}, not 38.", "revised"),  # the note itself, edited
    (f"a\n{NOTE}", f"a\n{NOTE}\nCorrection: Awa Keïta is a judge.", "corrected"),  # another one
    (f"a\n{NOTE}", "a", "revised"),
    ("a", "a", None),
]


def kind_of(before: Words, after: Words) -> str | None:
    return kind_of_change(before, after, what_changed(before, after), is_correction)


@every_row(("old", "new", "kind"), KINDS)
def test_the_kind_of_a_change(old: str, new: str, kind: str | None) -> None:
    before, after = Words(title="t", text=old), Words(title="t", text=new)
    assert kind_of(before, after) == kind


def test_a_later_updated_alone_is_a_refile() -> None:
    before = make_words(updated=NOW)
    assert kind_of(before, make_words(updated=NOW + timedelta(hours=1))) == "resent"
    assert kind_of(before, make_words(updated=NOW - timedelta(hours=1))) is None
    assert kind_of(before, make_words()) is None
    assert kind_of(before, make_words(updated=NOW, published=NOW)) is None


def test_a_source_is_unstable_from_its_third_such_poll_within_two_days_on() -> None:
    polls, three = (), [("body",), ("body", "title"), ("body",)]
    hour = timedelta(hours=1)
    for expected in (frozenset(), frozenset(), frozenset({"body"}), frozenset({"body"})):
        polls, habit = unstable(polls, 5, three, NOW + hour * len(polls))
        assert habit == expected
    assert unstable(polls, 4, three, NOW + 9 * hour) == ((), frozenset())  # too few to say
    assert unstable(polls, 0, [], NOW + 9 * hour) == ((), frozenset())
    assert unstable(polls, 6, three, NOW + 9 * hour) == ((), frozenset())  # half is not most
    far = [NOW, NOW + 24 * hour]
    assert unstable(far, 5, three, NOW + 48 * hour) == ((far[1], NOW + 48 * hour), frozenset())
    assert unstable(far, 5, three, NOW + 47 * hour)[1] == {"body"}
    assert unstable(far, 5, three, NOW - hour) == ((NOW - hour,), frozenset())  # by a clock that was set back since
    assert unstable(far, 5, [], far[1]) == (tuple(far), frozenset())  # the same poll again


def test_what_an_unstable_source_may_still_change_at_once() -> None:
    habit, hour = frozenset({"body"}), timedelta(hours=1)
    assert may_be_pending(("body",), habit, NOW - hour, NOW)
    assert may_be_pending(("body", "dates"), habit, NOW - hour, NOW)
    assert not may_be_pending(("url", "body"), habit, NOW - hour, NOW)
    assert not may_be_pending(("body",), habit, NOW - 24 * hour, NOW)
    assert not may_be_pending(("body",), habit, NOW + hour, NOW)
    assert not may_be_pending(("body",), frozenset(), NOW - hour, NOW)


BESIDE = [
    ('<a href="/law?id=38">law</a>', '<a href="/law?id=28">law</a>'),
    ('<img src="/a.jpg">', '<img src="/b.jpg">'),
    ("", '<iframe src="https://player.example/38"></iframe>'),
    ("<p>the law</p>", '<p>the <a href="/law">law</a></p>'),
    *SAME,
]


@every_row(("old", "new"), BESIDE)
def test_links_and_pictures_are_no_words_of_a_sentence(old: str, new: str) -> None:
    assert same_sentences(make_words(BODY + old), make_words(BODY + new))


@every_row(("old", "new"), [pair for pair in DIFFERENT if pair not in BESIDE and "%0A" not in pair[0]])
def test_a_word_a_number_or_a_mark_makes_another_sentence(old: str, new: str) -> None:
    assert not same_sentences(make_words(BODY + old), make_words(BODY + new))
    assert not same_sentences(make_words(title=BODY + old), make_words(title=BODY + new))
    assert not same_sentences(make_words(raw_summary=Text(old)), make_words(raw_summary=Text(new)))


def test_of_words_that_are_not_kept_only_the_headline_can_be_compared() -> None:
    bare = Words(title="t", words_hash=b"1")
    assert same_sentences(bare, replace(bare, words_hash=b"2"))
    assert not same_sentences(bare, replace(bare, title="u"))
    assert not same_sentences(make_words(), make_words(body="", raw_content=()))
    assert not same_sentences(make_words(body="", raw_content=()), make_words())


def test_words_in_the_store_compare_with_words_of_a_document(store: Store, publisher: Publisher) -> None:
    entry = make_entry(updated="Sat, 21 Nov 2026 09:00:00 GMT")
    record(store, publisher, entry, make_entry(2, content=()), make_entry(3, summary=None, content=()))
    with file_of(store) as connection:
        held = history.words_of(connection, [3, 1, 2, 9])
    assert sorted(held) == [1, 2, 3]
    for number, said in enumerate((entry, make_entry(2, content=()), make_entry(3, summary=None, content=())), 1):
        (article,) = make_articles(publisher, said)
        assert held[number] == replace(words_of(article), media_hash=None)  # an older version kept no media
    (edited,) = make_articles(publisher, replace(entry, summary=Text("<p>Le pont rouvre jeudi.</p>")))
    assert what_changed(held[1], words_of(edited)) == ("summary",)


FAR = datetime(2999, 1, 1, tzinfo=UTC)  # embargoes are compared with the clock, so that none may be over by itself
ANYTHING = st.sampled_from(["edit", "withhold", "restore", "withdraw", "embargo", "nothing"])


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(ANYTHING, st.integers(1, 3)), max_size=14))
def test_wire_at_is_the_wire_as_it_stood(acts: list[tuple[str, int]]) -> None:
    publisher, titles, stood = make_publisher(), {n: f"Report {n}" for n in (1, 2, 3)}, {}
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "wire.db") as store:
        sync(store, WIRE, [publisher], NOW, NOW.date())
        for hour, (act, number) in enumerate([("nothing", 1), *acts]):
            now = FAR + timedelta(hours=hour)
            release_embargoes(store, now)
            if act == "edit":
                titles[number] += f", {hour}"
            entries = [make_entry(n, title=Text(title, "text/plain")) for n, title in titles.items()]
            record(store, publisher, *entries, now=now)
            if act not in ("edit", "nothing"):
                decide_on(store, act, number, now)
            stood[now] = query(store, "SELECT id, title FROM wire")
        now_in_it = {row[0] for row in query(store, "SELECT id FROM wire")}
        for moment, listed in stood.items():
            asked = moment + timedelta(minutes=30)
            again = query(store, AS_OF.replace(":t", f"'{to_iso(asked)}'"))
            secret = {row[0] for row in query(store, "SELECT id FROM articles WHERE embargoed_until IS NOT NULL")}
            expected = [(said, title if said in now_in_it else None) for said, title in listed if said not in secret]
            assert sorted(again) == sorted(expected)


AS_OF = """
    SELECT id, title FROM wire_at
    WHERE valid_from <= :t AND (valid_until IS NULL OR valid_until > :t) AND status = 'usable'
"""


def decide_on(store: Store, act: str, number: int, now: datetime) -> None:
    """One act of the desk, if it can be done now."""
    ((public_id,),) = query(store, f"SELECT id FROM articles WHERE article_id = {number}")  # noqa: S608
    cause = Cause(actor="person:awa", reason="a test")
    with suppress(DeskError):
        if act == "embargo":
            acts.embargo(store, public_id, now + timedelta(minutes=150), cause, now)
        else:
            getattr(acts, act)(store, public_id, cause, now)


def query(store: Store, sql: str) -> list[tuple[object, ...]]:
    with Store.read(store.path) as reader:
        return list(reader.query(sql)[1])


def test_wire_at_shows_no_words_that_the_rights_keep_in(store: Store) -> None:
    for scope, expected in (("excerpt", (1, 0)), ("headline_only", (1, 0)), ("none", None)):
        key = scope.replace("_", "-")
        rights = replace(QUOTATION, text_scope=scope)
        publisher = make_publisher(key, rights)
        sync(store, WIRE, [publisher], NOW, NOW.date())
        record(store, publisher, make_entry())
        shown = f"SELECT title IS NOT NULL, raw IS NOT NULL FROM wire_at WHERE publisher = '{key}'"  # noqa: S608
        assert query(store, shown) == ([expected] if expected else [])


def test_the_words_of_a_state_can_be_read(store: Store, publisher: Publisher) -> None:
    record(store, publisher, make_entry())
    record(store, publisher, make_entry(title=Text("Le pont ferme", "text/plain")), now=NOW + timedelta(hours=1))
    said = (
        "SELECT json_extract(raw_words(raw, dictionary_id), '$.title.value'), title, change_kind FROM wire_at"
        " ORDER BY seq"
    )
    assert query(store, said) == [
        ("Le pont numéro 1 rouvre", "Le pont numéro 1 rouvre", "new"),
        ("Le pont ferme", "Le pont ferme", "revised"),
    ]


def change(store: Store, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute(sql, values)


@pytest.mark.parametrize("with_act", [True, False])
def test_a_report_that_came_under_embargo_was_not_in_the_wire(
    store: Store, publisher: Publisher, with_act: bool
) -> None:
    record(store, publisher, make_entry(), make_entry(2), now=FAR)
    hour, cause = timedelta(hours=1), Cause(actor="publisher:feed", reason="says so")
    change(store, "UPDATE articles SET embargoed_until = '2999-01-02T00:00:00Z' WHERE article_id = 1")
    assert query(store, "SELECT DISTINCT article_id FROM wire_at") == [(2,)]
    if with_act:
        sql = "INSERT INTO acts (article_id, act, actor, reason, at) VALUES (1, 'embargo', 'publisher:feed', '', ?)"
        change(store, sql, to_iso(FAR))
        ((public_id,),) = query(store, "SELECT id FROM articles WHERE article_id = 1")
        acts.withhold(store, public_id, cause, FAR + hour)
        release_embargoes(store, FAR + 30 * hour)
        acts.restore(store, public_id, replace(cause, actor="person:awa"), FAR + 40 * hour)
        expected = [("new", "withheld"), ("withheld", "withheld"), ("restored", "usable")]
    else:
        release_embargoes(store, FAR + 30 * hour)
        expected = [("new", "withheld"), ("restored", "usable")]
    assert query(store, "SELECT change_kind, status FROM wire_at WHERE article_id = 1 ORDER BY seq") == expected
