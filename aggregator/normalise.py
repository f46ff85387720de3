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
    Media,
    Publisher,
    Seen,
    Source,
    SourceRules,
    Text,
    articles_of,
)
from aggregator.model.who import Who
from aggregator.tags.who import maker_words, who_of, with_credits
from aggregator.text import folding, packing, page_words, pictures, printable, raw_words
from aggregator.text import html as text
from aggregator.text.dates import read_date
from aggregator.text.languages import a_tag, stated_or_first
from aggregator.text.matching import Matcher
from aggregator.text.media import readings
from aggregator.text.passed_over import as_read_before
from aggregator.text.source_rules import rule_that_leaves_out

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
    seen: dict[int, Seen] = {}  # by place
    new: list[_Placed] = []
    for place, listings in enumerate(_items(parsed.entries, identity.keys_of(parsed.entries, publisher.identity))):
        entry, keys = _standing(listings)
        drops[identity.DUPLICATE] += len(listings) - 1
        if _is_unchanged(entry, keys, digests):
            seen[place] = Seen(keys=(keys[0],), place=place)
        else:
            new.append((entry, keys, place))
    read = _articles(new, _Document(parsed.language, source, publisher, match=match))
    # A related page is no mark of its own.
    linked = (identity.link_of(entry) is not None for entry, _, _ in new)
    articles = (identity.marked(each) if is_linked else each for each, is_linked in zip(read, linked, strict=True))
    listed = tuple(seen.get(place) or next(articles) for place in range(len(seen) + len(new)))
    return Listing(listed=listed, drops=dict(+drops))


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


_Placed = tuple[Entry, tuple[str, ...], int]  # an entry, its keys, and its place in its document


def _articles(entries: Sequence[_Placed], document: _Document) -> list[Article]:
    # Raw words of the store: what the page says was taken when it was read, by the rights of then.
    of_feed = [(said if said.page is None else replace(said, page=None), keys, place) for said, keys, place in entries]
    articles = _of_feed(of_feed, document)
    return [_with_page(article, said, document) for article, (said, _, _) in zip(articles, entries, strict=True)]


def _with_page(article: Article, said: Entry, document: _Document) -> Article:
    page, rights = said.page, document.publisher.rights
    if page is not None and rights.storage == "metadata_only":
        page = raw_words.without_words(Entry(page=page)).page
    return article if page is None else page_words.with_page(article, page, rights.excerpt_max_words)


class _Plain(Struct, frozen=True):
    """An entry's words, plain."""

    as_said: str  # the headline
    headline: str
    title: str
    authors: str
    byline: str
    summary: str
    body: str
    beginning: str  # of the text, or else of the summary; without what older versions passed over
    is_shorter: bool  # the body than the summary, of a podcast


class _Kept(Struct, frozen=True):
    """What is kept of an entry."""

    summary: str
    body: str
    words: str
    media: tuple[Media, ...]
    of_media: tuple[str, ...]  # what is cut or left out of them
    raw: bytes
    packed: bytes
    entry_hash: bytes


class _Folded(Struct, frozen=True):
    """An entry's words, folded."""

    title: str
    opening: str  # how the report begins, as two versions of it are compared: the first words of its text
    words: tuple[str, str]  # summary and text


def _of_feed(entries: Sequence[_Placed], document: _Document) -> list[Article]:
    """Step by step for all: with what a step needs at hand for the next entry, the processor takes less time."""
    plain = [_plain(said) for said, _, _ in entries]
    kept = [_kept(said, each, document) for (said, _, _), each in zip(entries, plain, strict=True)]
    folded = list(map(_folded, plain, kept))
    who = [_who(*each, document) for each in zip(entries, plain, kept, strict=True)]
    return [_article(*each, document) for each in zip(entries, plain, kept, folded, who, strict=True)]


def _plain(said: Entry) -> _Plain:
    headline, summary = text.clean_line(said.title), text.plain(said.summary)
    authors = text.byline(person.name for person in said.authors if person.name)
    contents = [text.plain(content) for content in said.content]
    body = "\n".join(filter(None, contents))
    return _Plain(
        as_said=text.one_line(said.title),
        headline=headline,
        title=text.shortened(headline, text.MOST_HEADLINE, text.MOST_HEADLINE_WORDS),
        authors=authors,
        byline=text.shortened(authors, text.MOST_BYLINE),
        summary=summary,
        body=body,
        beginning=contents[0] if as_read_before(said).content else summary,
        is_shorter=_is_of_podcast(said) and len(body) < len(summary),
    )


def _kept(said: Entry, plain: _Plain, document: _Document) -> _Kept:
    publisher = document.publisher
    # A publisher that lets us keep no words of a report beyond its headline: the rest is hashed and let go.
    held = raw_words.without_words(said) if publisher.rights.storage == "metadata_only" else said
    body = plain.summary if plain.is_shorter else plain.body
    summary, body = (plain.summary, body) if held is said else ("", "")
    media, of_media = readings(held.media)
    raw = raw_words.encode(said)
    kept = raw if held is said else raw_words.encode(held)
    return _Kept(
        summary=summary,
        body=body,
        words=body or summary,
        media=with_credits(media) if publisher.tags.credits else media,
        of_media=of_media,
        raw=kept,
        packed=document.pack(kept),
        entry_hash=hashlib.sha256(raw).digest(),
    )


def _folded(plain: _Plain, kept: _Kept) -> _Folded:
    summary = folding.fold(kept.summary)
    return _Folded(
        title=folding.fold(plain.title),
        opening=folding.opening(plain.beginning),
        words=(summary, summary if kept.words == kept.summary else folding.fold(kept.words)),
    )


def _who(entry: _Placed, plain: _Plain, kept: _Kept, document: _Document) -> Who:
    publisher = document.publisher
    makers = maker_words(kept.words, plain.byline or None, kept.media, (publisher.name, publisher.key))
    return who_of(kept.words, makers, _language(entry[0], document), publisher.tags)


def _language(said: Entry, document: _Document) -> str | None:
    return stated_or_first(said.language or document.language, document.publisher.languages)


def _article(entry: _Placed, plain: _Plain, kept: _Kept, folded: _Folded, who: Who, document: _Document) -> Article:
    said, keys, place = entry
    source, publisher, before = document.source, document.publisher, as_read_before(said)
    url, title = identity.address_of(said), plain.title
    return Article(
        publisher=publisher.key,
        keys=keys,
        first_key=publisher.first_key,
        id=identity.public_id(publisher.first_key, keys[0]),
        title=title,
        summary=kept.summary,
        text=kept.words,
        excerpt=text.excerpt(kept.summary, kept.body, publisher.rights.excerpt_max_words),
        url=url,
        byline=plain.byline or None,
        language=_language(said, document),
        stated_language=a_tag(said.language or document.language),
        item_class=source.item_class,
        published=_published(said),
        published_stated=_literal(said.published),
        updated=read_date(said.updated),
        updated_stated=_literal(said.updated),
        categories=_categories(said.categories),
        raw=kept.raw,
        packed=kept.packed,
        folded=folded.words,
        matched=document.match.matched(folded.title, *folded.words) if document.match else None,
        link_marks=identity.marks_of_link(url, publisher.identity) if url else (),
        words_hash=_words_hash(said),
        hashes_before=None if before is said else (_words_hash(before), pictures.digest(before.media)),
        entry_hash=kept.entry_hash,
        folded_title=folded.title,
        opening=folding.opening(plain.summary) if plain.is_shorter else folded.opening,
        # By the headline as it was said, so that a report is found whatever we read in it, or cut.
        near_keys=identity.near_keys(
            folded.title if title == plain.as_said else folding.fold(plain.as_said), folded.opening
        ),
        rules=publisher.identity,
        id_is_shared=_shares_its_id(said, keys),
        place=place,
        media=kept.media,
        media_hash=pictures.digest(said.media),
        left_out_by=_left_out_by(source.rules, said, title, plain.summary, plain.body),
        who=who,
        adjusted=(*_adjusted(said, url, title != plain.headline, plain.byline != plain.authors), *kept.of_media),
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
    (article,) = _articles([(raw_words.decode(raw), (key,), 0)], _Document(language, source, publisher))
    return replace(article, media_hash=article.media_hash or None)


def _words_hash(entry: Entry) -> bytes:
    """SHA-256 of what a reader would call the report, verbatim: headline, summary, body, authors and link, with a NUL
    between them.
    """
    words = [text.value if text else "" for text in (entry.title, entry.summary, *entry.content)]
    words += [said or "" for person in entry.authors for said in (person.name, person.email, person.uri)]
    words.append(identity.link_of(entry) or "")
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).digest()
