"""From what the publisher said to what we hold: entries to articles. Pure.

The raw words keep everything. Beside them stand readings of bounded size, so that neither a whole report put into its
headline nor a link that is none leaves by them; what of an entry is cut or left out so is named in `Article.adjusted`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from aggregator import identity
from aggregator.model import (
    Article,
    Category,
    Document,
    Entry,
    Listed,
    Publisher,
    Seen,
    Source,
    SourceRules,
    Text,
    articles_of,
)
from aggregator.tags.who import maker_words, who_of, with_credits
from aggregator.text import folding, packing, page_words, pictures, printable, raw_words
from aggregator.text import html as text
from aggregator.text.dates import read_date
from aggregator.text.languages import a_tag, stated_or_first
from aggregator.text.matching import Matcher
from aggregator.text.media import readings
from aggregator.text.passed_over import as_read_before
from aggregator.text.source_rules import rule_that_leaves_out

DUPLICATE = "duplicate_in_document"
# Why a value of an entry is not held as it was said, outside the raw words.
NO_ADDRESS, LONG_ADDRESS = "link_is_no_web_address", "link_too_long"
LONG_HEADLINE, LONG_BYLINE = "headline_cut", "byline_cut"
_MOST_CATEGORIES, _MOST_OF_CATEGORY = 100, 200  # the latter in characters
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class Listing(Struct, frozen=True, kw_only=True):
    """The entries of one document, in its order."""

    listed: tuple[Listed, ...]
    drops: Mapping[str, int]  # entries left out, by reason

    @property
    def articles(self) -> tuple[Article, ...]:
        """All but the unchanged ones."""
        return tuple(articles_of(self.listed))


class _Document(Struct, frozen=True):
    """What holds for all entries of a document."""

    language: str | None
    source: Source
    publisher: Publisher
    pack: Callable[[bytes], bytes] = field(default_factory=packing.packer)
    match: Matcher | None = None  # None: nothing is matched


def normalise(
    parsed: Document,
    source: Source,
    publisher: Publisher,
    digests: Mapping[str, bytes] = MappingProxyType({}),
    match: Matcher | None = None,
) -> Listing:
    """What one document lists. An entry that is listed more than once in it is one article; which listing stands, see
    `_standing`. `digests`: see `Memory`; an entry that has one of them is only `Seen`. `match`: the saved searches that
    are tried on each article.
    """
    drops = Counter(parsed.drops)
    listed: list[Listed] = []
    document = _Document(parsed.language, source, publisher, match=match)
    for listings in _items(parsed.entries, identity.keys_of(parsed.entries, publisher.identity)):
        entry, keys = _standing(listings)
        drops[DUPLICATE] += len(listings) - 1
        if _is_unchanged(entry, keys, digests):
            listed.append(Seen(keys=(keys[0],), place=len(listed)))
        else:
            article = _article(entry, keys, document, len(listed))
            # A related page is no mark of its own.
            listed.append(identity.marked(article) if identity.link_of(entry) else article)
    return Listing(listed=tuple(listed), drops=dict(+drops))


def _is_unchanged(entry: Entry, keys: Sequence[str], digests: Mapping[str, bytes]) -> bool:
    """Whether its source listed it before, the same to the byte. Where others have its id too, its key depends on what
    else the document lists, so it is compared with them.
    """
    before = digests.get(keys[0])
    if before is None or _shares_its_id(entry, keys):
        return False
    return before == hashlib.sha256(raw_words.encode(entry)).digest()


_Keyed = tuple[Entry, tuple[str, ...]]  # an entry of a document, and its keys


def _items(entries: Sequence[Entry], keys: Sequence[tuple[str, ...]]) -> list[list[_Keyed]]:
    """The items of a document, each with all its listings: entries that share a key are one item."""
    items: list[list[_Keyed]] = []
    by_key: dict[str, list[_Keyed]] = {}
    for entry, own_keys in zip(entries, keys, strict=True):
        item = next((by_key[key] for key in own_keys if key in by_key), None)
        if item is None:
            item = []
            items.append(item)
        item.append((entry, own_keys))
        by_key |= {key: item for key in own_keys if key not in by_key}
    return items


def _standing(listings: Sequence[_Keyed]) -> _Keyed:
    """Of the listings of one item the one that stands: the newest (RFC 4287 section 4.1.1); where they have ids of
    their own the longest text, which is the later version; else the first.
    """
    if len(listings) == 1:
        return listings[0]
    own_ids = len({entry.id for entry, _ in listings}) > 1

    def rank(listing: _Keyed) -> tuple[datetime, int]:
        entry, _ = listing
        dated = read_date(entry.updated) or read_date(entry.published) or _EARLIEST
        return dated, own_ids * sum(len(words.value) for words in _texts(entry))

    return max(listings, key=rank)


def _texts(entry: Entry) -> Sequence[Text]:
    return tuple(words for words in (entry.summary, *entry.content) if words)


def _shares_its_id(said: Entry, keys: Sequence[str]) -> bool:
    return bool(said.id) and not keys[0].startswith("id:")


def _article(said: Entry, keys: tuple[str, ...], document: _Document, place: int = 0) -> Article:
    page = said.page
    if page is None:
        return _of_feed(said, keys, document, place)
    # Raw words of the store: what the page says was taken when it was read, by the rights of then.
    article, rights = _of_feed(replace(said, page=None), keys, document, place), document.publisher.rights
    if rights.storage == "metadata_only":
        page = raw_words.without_words(Entry(page=page)).page
    return article if page is None else page_words.with_page(article, page, rights.excerpt_max_words)


def _of_feed(said: Entry, keys: tuple[str, ...], document: _Document, place: int) -> Article:
    source, publisher = document.source, document.publisher
    # A publisher that lets us keep no words of a report beyond its headline: the rest is hashed and let go.
    held = raw_words.without_words(said) if publisher.rights.storage == "metadata_only" else said
    as_said, headline = text.one_line(said.title), text.clean_line(said.title)
    plain_summary = text.plain(said.summary)
    title = text.shortened(headline, text.MOST_HEADLINE, text.MOST_HEADLINE_WORDS)
    authors = text.byline(person.name for person in said.authors if person.name)
    byline = text.shortened(authors, text.MOST_BYLINE)
    contents = [text.plain(content) for content in said.content]
    before = as_read_before(said)
    # How the report begins, as two versions of it are compared: the first words of its text, folded.
    folded_title, opening = folding.fold(title), folding.opening(contents[0] if before.content else plain_summary)
    plain_body = "\n".join(filter(None, contents))
    is_shorter = _is_of_podcast(said) and len(plain_body) < len(plain_summary)
    summary, body = (plain_summary, plain_summary if is_shorter else plain_body) if held is said else ("", "")
    raw = raw_words.encode(said)
    kept = raw if held is said else raw_words.encode(held)
    words, url = body or summary, identity.address_of(said)
    folded_summary = folding.fold(summary)
    folded = (folded_summary, folded_summary if words == summary else folding.fold(words))
    language = stated_or_first(said.language or document.language, publisher.languages)
    media, of_media = readings(held.media)
    media = with_credits(media) if publisher.tags.credits else media
    makers = maker_words(words, byline or None, media, (publisher.name, publisher.key))
    return Article(
        publisher=publisher.key,
        keys=keys,
        first_key=publisher.first_key,
        id=identity.public_id(publisher.first_key, keys[0]),
        title=title,
        summary=summary,
        text=words,
        excerpt=text.excerpt(summary, body, publisher.rights.excerpt_max_words),
        url=url,
        byline=byline or None,
        language=language,
        stated_language=a_tag(said.language or document.language),
        item_class=source.item_class,
        published=_published(said),
        published_stated=_literal(said.published),
        updated=read_date(said.updated),
        updated_stated=_literal(said.updated),
        categories=_categories(said.categories),
        raw=kept,
        packed=document.pack(kept),
        folded=folded,
        matched=document.match.matched(folded_title, *folded) if document.match else None,
        link_marks=identity.marks_of_link(url, publisher.identity) if url else (),
        words_hash=_words_hash(said),
        hashes_before=None if before is said else (_words_hash(before), pictures.digest(before.media)),
        entry_hash=hashlib.sha256(raw).digest(),
        folded_title=folded_title,
        opening=folding.opening(plain_summary) if is_shorter else opening,
        # By the headline as it was said, so that a report is found whatever we read in it, or cut.
        near_keys=identity.near_keys(folded_title if title == as_said else folding.fold(as_said), opening),
        rules=publisher.identity,
        id_is_shared=_shares_its_id(said, keys),
        place=place,
        media=media,
        media_hash=pictures.digest(said.media),
        left_out_by=_left_out_by(source.rules, said, title, plain_summary, plain_body),
        who=who_of(words, makers, language, publisher.tags),
        adjusted=(*_adjusted(said, url, title != headline, byline != authors), *of_media),
    )


def _left_out_by(rules: SourceRules | None, said: Entry, *words: str) -> str | None:
    """By all that it said, also where none of it is kept."""
    if rules is None:
        return None
    names = (name for each in said.categories for name in (each.term, each.label or ""))
    return rule_that_leaves_out(rules, words, names)


def _adjusted(said: Entry, url: str | None, headline_is_cut: bool, byline_is_cut: bool) -> Iterator[str]:
    link = identity.link_of(said)
    if link and url is None:
        # Percent-encoded, a character takes twelve at most: so much of an address has room, whatever it is made of.
        yield LONG_ADDRESS if printable.address(link[: printable.MOST_ADDRESS // 12]) else NO_ADDRESS
    if headline_is_cut:
        yield LONG_HEADLINE
    if byline_is_cut:
        yield LONG_BYLINE


def _is_of_podcast(said: Entry) -> bool:
    """Whether the content beside its description is an `itunes:summary`: plain words, and mostly fewer."""
    if said.summary is None or said.summary.type == "text/plain" or not said.content:
        return False
    return all(words.type == "text/plain" for words in said.content)


def _published(said: Entry) -> datetime | None:
    """What it says of its publication; the date beside that, where that cannot be read."""
    return read_date(said.published) or (read_date(said.updated) if said.published else None)


def _literal(stated: str | None) -> str | None:
    return stated and text.shortened(printable.line(stated), text.MOST_OF_DATE)


def _categories(said: Sequence[Category]) -> tuple[str, ...]:
    """As people read them, each once: one term may stand in several schemes."""
    names = [*dict.fromkeys(map(str, said))][:_MOST_CATEGORIES]
    return tuple(text.shortened(printable.line(name), _MOST_OF_CATEGORY) for name in names)


def article_of(raw: bytes, key: str, language: str | None, source: Source, publisher: Publisher) -> Article:
    """The article that an entry makes under this key, from its raw words. `language`: of its document, where the entry
    itself says none.

    Raw words without media say nothing of them: they may be of an older version, which read none, or were let go.
    """
    article = _article(raw_words.decode(raw), (key,), _Document(language, source, publisher))
    return replace(article, media_hash=article.media_hash or None)


def _words_hash(entry: Entry) -> bytes:
    """SHA-256 of what a reader would call the report, verbatim: headline, summary, body, authors and link, with a NUL
    between them.
    """
    words = [text.value if text else "" for text in (entry.title, entry.summary, *entry.content)]
    words += [said or "" for person in entry.authors for said in (person.name, person.email, person.uri)]
    words.append(identity.link_of(entry) or "")
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).digest()
