"""What the versions of reports say, read as entries are read: for merges and joins that are undone."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from aggregator.identity import keys_of
from aggregator.model import Article, Decision, Known, Merge, Publisher, Rights, Source, Version
from aggregator.normalise import article_of
from aggregator.revisions.compare import what_changed, words_of
from aggregator.text.raw_words import decode


def reverted(merge: Merge, own: Article, own_keys: tuple[str, ...], now: datetime) -> Decision:
    """The report says again what it said before the merge."""
    article = replace(own, keys=own_keys or own.keys)
    known = Known(
        article_id=merge.article_id,
        revision=merge.newest,
        words_hash=merge.words.words_hash,
        first_seen=now,
        last_revision=now,
        entry_hash=b"",
    )
    return Decision(
        article=article, known=known, change="revised", changed=what_changed(merge.words, words_of(article))
    )


def read_as_said(merge: Merge, version: Version) -> Article:
    """What a version says, read as a new entry is read, by the rights of today; the hashes are those of what came."""
    source = Source(publisher=merge.publisher, key="", url="", item_class=version.item_class)
    said = article_of(version.raw, "", merge.language, source, _publisher(merge))
    keys = keys_of([decode(version.raw)])[0]
    return replace(said, keys=keys, words_hash=version.words_hash, entry_hash=version.entry_hash)


def _publisher(merge: Merge) -> Publisher:
    """As much of a publisher as reading an entry takes; it may be configured no more."""
    return Publisher(
        key=merge.publisher,
        former_keys=(merge.first_key,),
        name=merge.publisher,
        country="",
        kind="newspaper",
        languages=merge.languages,
        homepage="",
        rights=Rights(
            relationship="none",
            basis="quotation",
            text_scope="none",
            credit="",
            excerpt_max_words=merge.excerpt_max_words,
            storage=merge.storage,
        ),
    )
