-- Generated from the migrations by `make schema`; a database that is there already gets them one by one.
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE TABLE publishers (
      publisher TEXT PRIMARY KEY,           -- the name of the publisher's file
      name TEXT NOT NULL,             -- as it stands above every report
      place TEXT NOT NULL,            -- the city beside the name
      country TEXT NOT NULL,          -- ISO 3166-1 alpha-2; XA all of Africa, XW the world
      publisher_kind TEXT NOT NULL,             -- newspaper, government, ngo ...
      "publisher_group" TEXT NOT NULL,          -- news_organization, institution, individual, own
      languages TEXT NOT NULL,        -- JSON array of BCP 47 tags
      homepage TEXT NOT NULL,
      corrections TEXT,               -- where its corrections desk is reached; NULL: only the homepage is known
      rights TEXT NOT NULL,           -- JSON object, the rights in force
      configured INTEGER NOT NULL     -- 1: has a file in config/; 0: had one once
    , first_key TEXT, permissions TEXT) STRICT, WITHOUT ROWID
    ;
CREATE TABLE sources (
      source_id INTEGER PRIMARY KEY,
      publisher TEXT NOT NULL REFERENCES publishers (publisher),
      source_key TEXT NOT NULL,
      url TEXT NOT NULL,
      source_kind TEXT NOT NULL,             -- feed, jsonfeed
      class TEXT NOT NULL,            -- of the articles it brings: news, opinion, press_release ...
      every_minutes REAL,             -- NULL: the wire's own interval
      enabled INTEGER NOT NULL,       -- 0: switched off, or no longer in config/
      next_at TEXT NOT NULL,          -- when it is due; the schedule is this column
      next_reason TEXT NOT NULL,      -- why then: first, interval, backoff, retry_after
      etag TEXT,                      -- byte for byte; NULL: the server gave none
      last_modified TEXT,             -- byte for byte; NULL: the server gave none
      body_hash BLOB,                 -- SHA-256 of the last body read; NULL: none yet
      last_poll TEXT,                 -- NULL: never polled
      last_success TEXT,              -- NULL: never answered well
      failures INTEGER NOT NULL DEFAULT 0,  -- in a row
      last_error TEXT, id_trust TEXT NOT NULL DEFAULT 'id', id_trust_reason TEXT, id_conflicts INTEGER NOT NULL DEFAULT 0, poll_hints TEXT, old_url TEXT, moved_to TEXT, moved_since TEXT, paused_at TEXT, conditional_polls INTEGER NOT NULL DEFAULT 0, unmodified_since TEXT, validators_ignored TEXT, rhythm TEXT, last_new TEXT, silent_after TEXT, proposed TEXT, proposed_as TEXT, redirect_unchecked INTEGER NOT NULL DEFAULT 0, most_changed TEXT, over_limit INTEGER NOT NULL DEFAULT 0, over_limit_at TEXT, last_listed TEXT, unstable TEXT, rules TEXT,                -- NULL: the last poll went well
      UNIQUE (publisher, source_key)
    ) STRICT
    ;
CREATE INDEX sources_due ON sources (next_at) WHERE enabled;
CREATE TABLE terms (              -- what must stand beside a publisher's reports of one class
      publisher TEXT NOT NULL REFERENCES publishers (publisher),
      class TEXT NOT NULL,
      credit TEXT NOT NULL,
      disclaimer TEXT NOT NULL,       -- {original_url} is filled in by the view `wire`
      text_scope TEXT NOT NULL,       -- none, headline_only, excerpt, full_text
      licence TEXT,                   -- SPDX id; NULL: none
      copyright_notice TEXT,          -- NULL: none
      complaints_url TEXT NOT NULL, channels TEXT NOT NULL DEFAULT '', excerpt_max_words INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (publisher, class)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE articles (
      article_id INTEGER PRIMARY KEY,         -- rises with the time of first sight
      id TEXT NOT NULL UNIQUE, -- the same on every machine for the same publisher and key
      publisher TEXT NOT NULL REFERENCES publishers (publisher),
      source_id INTEGER NOT NULL REFERENCES sources (source_id),  -- which listed it first
      country TEXT NOT NULL,          -- of the publisher
      language TEXT,                  -- BCP 47; NULL: not stated
      class TEXT NOT NULL,
      title TEXT NOT NULL,            -- plain; '' where the publisher gave none
      url TEXT,                       -- the original; NULL: the publisher gave none
      byline TEXT,                    -- as stated; NULL: none
      published TEXT,                 -- NULL: not stated, or not readable
      published_stated TEXT,          -- the literal; NULL: not stated
      updated TEXT,                   -- NULL: not stated, or not readable
      updated_stated TEXT,            -- the literal; NULL: not stated
      sort_time TEXT NOT NULL,        -- its place in lists: published, or first_seen if unknown or ahead
      first_seen TEXT NOT NULL,
      revision INTEGER NOT NULL,      -- the number of the newest
      status TEXT NOT NULL            -- IPTC pubStatus: usable, withheld, canceled
    , backfill INTEGER NOT NULL DEFAULT 0, embargoed_until TEXT, notice TEXT, released_seq INTEGER, has_text INTEGER NOT NULL DEFAULT 1, stated_language TEXT, language_from TEXT, topics TEXT, about TEXT) STRICT
    ;
CREATE INDEX articles_listed ON articles (sort_time);
CREATE INDEX articles_by_country ON articles (country, sort_time);
CREATE TABLE bodies (             -- plain readings of an article's newest revision
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      summary TEXT NOT NULL,
      text TEXT NOT NULL,             -- the whole text, or the summary where the source carries no more
      excerpt TEXT,                   -- NULL: the summary is; whole sentences, at most rights.excerpt_max_words
      categories TEXT                 -- JSON array, the publisher's own; NULL: none
    ) STRICT
    ;
CREATE TABLE revisions (          -- every version of an article's words; never updated, never deleted
      revision_id INTEGER PRIMARY KEY,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      number INTEGER NOT NULL,        -- 1, 2, 3 ...
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      seen_at TEXT NOT NULL,
      title TEXT NOT NULL,            -- plain
      words_hash BLOB NOT NULL,       -- SHA-256 of headline, summary, body, authors and link
      raw_hash BLOB NOT NULL,         -- SHA-256 of everything the entry said
      raw BLOB NOT NULL,              -- everything it said, as JSON, zstd; read it with raw_words(raw, dictionary)
      dictionary_id INTEGER REFERENCES dictionaries (dictionary_id), changed TEXT, stored_at TEXT,  -- NULL: compressed without one
      UNIQUE (article_id, number)
    ) STRICT
    ;
CREATE TABLE dictionaries (dictionary_id INTEGER PRIMARY KEY, content BLOB NOT NULL, trained_at TEXT NOT NULL) STRICT;
CREATE TABLE article_keys (       -- every key an article was ever known by
      publisher TEXT NOT NULL,
      article_key TEXT NOT NULL,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      PRIMARY KEY (publisher, article_key)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE sightings (          -- what each source last said of an article
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      entry_hash BLOB NOT NULL, words_hash BLOB, article_key TEXT, media_hash BLOB,
      PRIMARY KEY (source_id, article_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE polls (
      poll_id INTEGER PRIMARY KEY,
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      started TEXT NOT NULL,
      seconds REAL NOT NULL,
      outcome TEXT NOT NULL,          -- ok, unchanged (the same body), not_modified (304), failed
      http_status INTEGER,                 -- of HTTP; NULL: no answer
      error TEXT,                     -- NULL: none; on `ok`, a warning about the document
      format TEXT,                    -- rss20, atom10, jsonfeed11 ...; NULL: not parsed
      bytes INTEGER NOT NULL,         -- of the body, decompressed
      entries INTEGER NOT NULL,       -- in the document, dropped ones included
      new INTEGER NOT NULL,
      revised INTEGER NOT NULL,
      unchanged INTEGER NOT NULL,
      drops TEXT,                     -- JSON object, entries left out by reason; NULL: none
      next_at TEXT NOT NULL,
      next_reason TEXT NOT NULL
    , overlap INTEGER, gap TEXT, pages INTEGER NOT NULL DEFAULT 0, adjusted TEXT, pending INTEGER NOT NULL DEFAULT 0, over_limit INTEGER NOT NULL DEFAULT 0) STRICT
    ;
CREATE INDEX polls_of_source ON polls (source_id, started);
CREATE VIRTUAL TABLE article_search USING fts5(
      title, summary, text, content='', tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'"
    );
CREATE TABLE search_queue (revision_id INTEGER PRIMARY KEY REFERENCES revisions (revision_id)) STRICT;
CREATE INDEX articles_under_embargo ON articles (embargoed_until) WHERE embargoed_until IS NOT NULL;
CREATE INDEX articles_with_notice ON articles (notice) WHERE notice IS NOT NULL;
CREATE TABLE merges (             -- an entry that was taken for an article by another key than its first
      merge_id INTEGER PRIMARY KEY,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      publisher TEXT NOT NULL,
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      article_key TEXT NOT NULL,              -- the key that became the article's too
      matched_by TEXT NOT NULL,       -- alt, url, title, opening
      evidence TEXT NOT NULL,         -- what was near-equal, for a person who reviews it
      revision INTEGER NOT NULL,      -- the article's newest before the merge
      at TEXT NOT NULL,
      undone_at TEXT,                 -- NULL: in force
      split_article_id INTEGER REFERENCES articles (article_id)  -- NULL: in force
    , joined_article_id INTEGER REFERENCES articles (article_id), joined_keys TEXT) STRICT
    ;
CREATE INDEX merges_of_article ON merges (article_id);
CREATE TABLE near_keys (          -- by which an article's twin under other keys is found, as a last resort
      publisher TEXT NOT NULL,
      article_key TEXT NOT NULL,              -- digest of the folded headline, or of how the text begins
      article_id INTEGER NOT NULL REFERENCES articles (article_id),  -- the newest with this key
      PRIMARY KEY (publisher, article_key)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE tombstones (         -- keys of purged articles: what was deleted does not come back as new
      publisher TEXT NOT NULL,
      key_digest TEXT NOT NULL,
      id TEXT NOT NULL,
      at TEXT NOT NULL,
      PRIMARY KEY (publisher, key_digest)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE acts (
      act_id INTEGER PRIMARY KEY,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      act TEXT NOT NULL,              -- withhold, restore, withdraw, embargo, release, suspend, purge
      actor TEXT NOT NULL,            -- person:NAME, publisher:feed, publisher:page, wire
      reason TEXT NOT NULL,
      reference TEXT,                 -- a ticket, a letter, a court's file; NULL: none
      complaint_id INTEGER REFERENCES complaints (complaint_id),  -- NULL: nobody complained
      until TEXT,                     -- of an embargo; NULL: no end set
      at TEXT NOT NULL
    ) STRICT
    ;
CREATE INDEX acts_of_article ON acts (article_id);
CREATE TABLE complaints (
      complaint_id INTEGER PRIMARY KEY,
      article_id INTEGER REFERENCES articles (article_id),  -- NULL: about the wire as a whole
      complaint_kind TEXT NOT NULL,             -- factual, copyright, licence, court_order, statute, privacy, safety,
                                      -- publisher_request, own_content, comment, about_the_wire
      text TEXT,                      -- what was written; NULL: erased
      complainant TEXT,               -- how to answer; NULL: anonymous, or erased
      received_at TEXT NOT NULL,
      resolved_at TEXT,               -- NULL: open
      resolution TEXT,                -- how it was resolved; NULL: open, or erased
      erased_at TEXT                  -- when the words of all columns were; NULL: they are stored
    , came_by TEXT NOT NULL DEFAULT 'desk', reference_hash TEXT, email TEXT, answer TEXT, letter_id INTEGER REFERENCES letters (letter_id), told_at TEXT) STRICT
    ;
CREATE TABLE rechecks (           -- visits to an article's own page, to learn of a withdrawal
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      visits INTEGER NOT NULL,          -- visits made
      next_at TEXT,                   -- NULL: no more visits
      etag TEXT,                      -- NULL: the page gave none
      last_modified TEXT,             -- NULL: the page gave none
      missing_since TEXT              -- first 404 in a row; NULL: it was there
    ) STRICT
    ;
CREATE INDEX rechecks_due ON rechecks (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE robots (             -- the robots.txt of every site asked; status NULL: it did not answer
      origin TEXT PRIMARY KEY, fetched_at TEXT NOT NULL, http_status INTEGER, body BLOB NOT NULL
    ) STRICT
    ;
CREATE INDEX polls_with_gap ON polls (source_id, started) WHERE gap IS NOT NULL;
CREATE TABLE redirects (          -- addresses other than a source's own that its documents came from
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      url TEXT NOT NULL,              -- where the chain of redirects ended
      state TEXT NOT NULL,            -- accepted; held: it waits for a person; refused: it is another publisher's
      accepted_by TEXT,               -- person; in_force: it was so before redirects were checked; NULL: not accepted
      reason TEXT,                      -- the address, and why it is held or refused, for people; NULL: it is accepted
      at TEXT NOT NULL,               -- when it was accepted, or first held or refused
      reported_at TEXT,                 -- in_force: when `health` listed it; NULL: not yet, or not in_force
      PRIMARY KEY (source_id, url)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE changes (            -- the ledger that subscribers follow; lines are only ever added
      seq INTEGER PRIMARY KEY,        -- rises by one, without a gap
      article_id INTEGER REFERENCES articles (article_id),      -- NULL: the line is about a publisher
      revision INTEGER,               -- the number of the article's newest; NULL: the line is about a publisher
      publisher TEXT REFERENCES publishers (publisher),    -- NULL: the line is about an article
      change_kind TEXT NOT NULL,             -- new, revised, corrected, refile, withheld, withdrawn, restored,
                                      -- removed_by_wire, terms_changed (the only one about a publisher)
      at TEXT NOT NULL,
      note TEXT,                      -- the reason of an act; NULL: the publisher's own change
      hash BLOB NOT NULL, hashed_at TEXT, hashed_publisher TEXT,             -- SHA-256 of the hash of the line before and what this one says: docs/changes.md
      CHECK ((article_id IS NULL) = (revision IS NULL) AND (article_id IS NULL) = (publisher IS NOT NULL))
    ) STRICT
    ;
CREATE INDEX changes_of_article ON changes (article_id);
CREATE INDEX changes_by_time ON changes (at);
CREATE TABLE pending_changes (
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      signal TEXT NOT NULL,           -- entry: its entry says something else; tombstone: its feed lists it as deleted
      source_id INTEGER NOT NULL REFERENCES sources (source_id),  -- which said so last
      mass_kind TEXT NOT NULL,             -- withdrawn, moved (another link), same_words (as many others), revised
      reason TEXT NOT NULL,           -- why it waits. mass: one poll changed too much at once, so a person decides
      article_key TEXT NOT NULL,              -- the first key of its entry, or that of the tombstone's id
      since TEXT NOT NULL,            -- when a change of the report first had to wait
      received_at TEXT NOT NULL,      -- when these words came
      refused_at TEXT,                -- of a tombstone, which stands in its feed for weeks; NULL: it waits
      title TEXT,                     -- plain, of the entry; NULL: a tombstone
      url TEXT,                       -- of the entry; NULL: it has none, or a tombstone
      language TEXT,                  -- of the entry, BCP 47; NULL: not stated, or a tombstone
      words_hash BLOB,                -- as in `revisions`; NULL: a tombstone
      entry_hash BLOB,                -- SHA-256 of everything the entry said; NULL: a tombstone
      raw BLOB,                       -- everything the entry said, as in `revisions`; NULL: a tombstone
      dictionary_id INTEGER REFERENCES dictionaries (dictionary_id), media_hash BLOB,  -- NULL: compressed without one, or a tombstone
      PRIMARY KEY (article_id, signal)
    ) STRICT
    ;
CREATE INDEX pending_of_source ON pending_changes (source_id);
CREATE INDEX articles_with_words ON articles (publisher, first_seen) WHERE has_text;
CREATE TRIGGER words_come AFTER INSERT ON revisions WHEN new.number > 1
    BEGIN
      UPDATE articles SET has_text = 1 WHERE article_id = new.article_id AND has_text = 0;
    END;
CREATE TABLE search_removals (    -- rows to be taken out of the search index, with the words that they were made of
      revision_id INTEGER PRIMARY KEY,   -- the rowid in `article_search`
      title TEXT NOT NULL,
      summary TEXT NOT NULL,
      text TEXT NOT NULL
    , class TEXT, language TEXT) STRICT
    ;
CREATE TABLE agreements (         -- publishers whose rights have a last day, and what holds until then and after
      publisher TEXT PRIMARY KEY REFERENCES publishers (publisher),
      last_day TEXT NOT NULL,         -- rights.expires, such as 2026-12-31
      ends_at TEXT NOT NULL,          -- the first moment after that day; ISO 8601 UTC
      ended INTEGER NOT NULL,         -- 1: `terms` and publishers.rights are those of `after`; 0: those of `during`
      during TEXT NOT NULL,           -- JSON object: `rights`, and `terms`, the rows of the table of that name
      after TEXT NOT NULL             -- the same, once the agreement has ended
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE excerpt_queue (      -- articles whose excerpts wait to be cut anew, because their bound has changed
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id)
    ) STRICT
    ;
CREATE TABLE health_counts (      -- of each source, what the view `health` says of the last seven days
      source_id INTEGER PRIMARY KEY REFERENCES sources (source_id),
      counted_at TEXT NOT NULL,       -- when these were counted, at which the seven days end
      articles_7_days INTEGER NOT NULL,  -- new reports
      gaps_7_days INTEGER NOT NULL,   -- polls whose document did not reach back to the one before
      over_cap INTEGER NOT NULL,      -- entries beyond the newest that were not read of its last document
      silent INTEGER NOT NULL         -- 1: it has brought nothing new for longer than its rhythm allows
    ) STRICT
    ;
CREATE TABLE claims (             -- a source that a program is polling, or a publisher whose pages it is visiting
      claim_kind TEXT NOT NULL,             -- poll, visit
      subject TEXT NOT NULL,          -- the source, publisher/key; or the publisher's key
      program INTEGER NOT NULL,       -- as long as it runs it holds a lock on the file NAME-OF-DATABASE.program-NUMBER
      at TEXT NOT NULL,               -- when it was taken or last confirmed; ISO 8601 UTC
      PRIMARY KEY (claim_kind, subject)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE "pending_revisions" (
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      source_id INTEGER NOT NULL REFERENCES sources (source_id),  -- which said so
      article_key TEXT NOT NULL,              -- the first key of its entry
      change_kind TEXT NOT NULL,             -- of the change: revised, refile
      changed TEXT NOT NULL,          -- JSON array, as in `revisions`
      received_at TEXT NOT NULL,      -- when these words came
      gone INTEGER NOT NULL DEFAULT 0,  -- 1: its source listed other reports since, and not this one
      title TEXT NOT NULL,            -- this and what follows as in `articles`
      url TEXT,                       -- NULL: it has none
      byline TEXT,                    -- NULL: not stated
      language TEXT,                  -- NULL: not stated
      class TEXT NOT NULL,
      published TEXT,                 -- NULL: not stated, or not readable
      published_stated TEXT,          -- NULL: not stated
      updated TEXT,                   -- NULL: not stated, or not readable
      updated_stated TEXT,            -- NULL: not stated
      categories TEXT,                -- JSON array; NULL: none
      words_hash BLOB NOT NULL,       -- as in `revisions`
      entry_hash BLOB NOT NULL,       -- SHA-256 of everything the entry said
      raw BLOB NOT NULL,              -- everything the entry said, as in `revisions`
      dictionary_id INTEGER REFERENCES dictionaries (dictionary_id)  -- NULL: compressed without one
    , media_hash BLOB) STRICT
    ;
CREATE INDEX pending_revisions_of_source ON pending_revisions (source_id);
CREATE TABLE media (
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      place INTEGER NOT NULL,         -- among the media of the report, from 0, as its publisher lists them
      url TEXT NOT NULL,              -- http or https
      medium TEXT,                    -- image, audio, video, document, executable; NULL: not stated
      type TEXT,                      -- media type (RFC 6838); NULL: not stated
      width INTEGER,                  -- pixels; NULL: not stated
      height INTEGER,                 -- pixels; NULL: not stated
      length INTEGER,                 -- bytes, as stated; NULL: not stated
      title TEXT,                     -- often a file's name; NULL: none
      caption TEXT,                   -- plain, a line a paragraph; NULL: none
      credit TEXT,                    -- who made it, as stated; NULL: none
      copyright TEXT,                 -- the notice, as stated; NULL: none
      alt TEXT,                       -- what stands for a picture that is not seen; NULL: none
      language TEXT,                  -- of these words, BCP 47; NULL: not stated
      PRIMARY KEY (article_id, place)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE poll_days (          -- polls that brought nothing and are no longer in `polls`, by the day they began
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      day TEXT NOT NULL,              -- of UTC, 2026-11-22
      polls INTEGER NOT NULL,
      seconds REAL NOT NULL,          -- of all of them together
      bytes INTEGER NOT NULL,         -- of their bodies, decompressed
      drops TEXT,                     -- JSON object, entries left out by reason; NULL: none
      PRIMARY KEY (source_id, day)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX polls_that_were_read ON polls (source_id, started, new) WHERE outcome = 'ok';
CREATE INDEX articles_by_class ON articles (class, coalesce(language, ''), country, sort_time);
CREATE INDEX articles_by_publisher ON articles (publisher, sort_time, class, language, country);
CREATE INDEX changes_of_publisher ON changes (publisher) WHERE publisher IS NOT NULL;
CREATE INDEX acts_of_complaint ON acts (complaint_id) WHERE complaint_id IS NOT NULL;
CREATE TRIGGER search_headline_changes BEFORE UPDATE OF title, revision, class, language ON articles
    WHEN old.title <> new.title OR old.revision <> new.revision OR old.class <> new.class
      OR old.language IS NOT new.language
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision_id, title, summary, text, class, language)
      SELECT r.revision_id, old.title, b.summary, b.text, old.class, old.language FROM revisions AS r
      JOIN article_search_docsize AS indexed ON indexed.id = r.revision_id
      JOIN bodies AS b ON b.article_id = r.article_id
      WHERE r.article_id = old.article_id AND r.number = old.revision;
      INSERT OR IGNORE INTO search_queue (revision_id)
      SELECT r.revision_id FROM revisions AS r JOIN bodies AS b ON b.article_id = r.article_id
      WHERE r.article_id = new.article_id AND r.number = new.revision;
    END;
CREATE TRIGGER search_words_change BEFORE UPDATE OF summary, text ON bodies
    WHEN old.summary <> new.summary OR old.text <> new.text
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision_id, title, summary, text, class, language)
      SELECT r.revision_id, a.title, old.summary, old.text, a.class, a.language FROM articles AS a
      JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
      JOIN article_search_docsize AS indexed ON indexed.id = r.revision_id
      WHERE a.article_id = old.article_id;
      INSERT OR IGNORE INTO search_queue (revision_id)
      SELECT r.revision_id FROM articles AS a
      JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
      WHERE a.article_id = new.article_id;
    END;
CREATE TRIGGER search_words_go BEFORE DELETE ON bodies
    BEGIN
      INSERT OR IGNORE INTO search_removals (revision_id, title, summary, text, class, language)
      SELECT r.revision_id, a.title, old.summary, old.text, a.class, a.language FROM articles AS a
      JOIN revisions AS r ON r.article_id = a.article_id AND r.number = a.revision
      JOIN article_search_docsize AS indexed ON indexed.id = r.revision_id
      WHERE a.article_id = old.article_id;
    END;
CREATE TABLE source_states (      -- states of sources that `[notify] command` was told of, or is about to be
      source_id INTEGER NOT NULL REFERENCES sources (source_id) ON DELETE CASCADE,
      state TEXT NOT NULL,            -- failing, paused, silent, gaps, held
      since TEXT NOT NULL,            -- when a look first found it so
      PRIMARY KEY (source_id, state)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE notifications (      -- events for `[notify] command`; one is deleted before its command is started
      notification_id INTEGER PRIMARY KEY,
      event TEXT NOT NULL             -- JSON object, as docs/notify.md describes it
    ) STRICT
    ;
CREATE TABLE pauses (               -- a source that a person had the wire leave alone; kept when it has ended
      pause_id INTEGER PRIMARY KEY,
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      paused_at TEXT NOT NULL,
      paused_until TEXT,                -- NULL: until a person ends it
      actor TEXT NOT NULL,              -- person:NAME
      reason TEXT,                      -- NULL: none was given
      ended_at TEXT,                    -- NULL: it is in force
      ended_by TEXT                     -- person:NAME; NULL: it is in force, or ended at paused_until
    ) STRICT
    ;
CREATE UNIQUE INDEX pauses_in_force ON pauses (source_id) WHERE ended_at IS NULL;
CREATE TABLE left_out (             -- entries of a source's last document that a rule of its file left out
      source_id INTEGER NOT NULL REFERENCES sources (source_id),
      article_key TEXT NOT NULL,        -- the first key of the entry
      entry_hash BLOB NOT NULL,         -- SHA-256 of all that it said
      rule TEXT NOT NULL,               -- as `polls.drops` names it
      first_seen TEXT NOT NULL,         -- when this rule first left out these words
      sort_time TEXT NOT NULL,          -- the date that it states, or when it was first seen
      is_dated INTEGER NOT NULL,        -- 1: it states one
      PRIMARY KEY (source_id, article_key)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE cursors (            -- how far a job of somebody's has read the ledger
      cursor_name TEXT PRIMARY KEY,   -- as `--cursor` says it
      seq INTEGER NOT NULL REFERENCES changes (seq)  -- the line up to which it has read
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE former_readings (    -- a class and a language that an article had, and no longer has
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      class TEXT NOT NULL,
      language TEXT                   -- NULL: not stated
    , until_seq INTEGER, topics TEXT, about TEXT) STRICT
    ;
CREATE INDEX former_readings_of_article ON former_readings (article_id);
CREATE INDEX merges_of_joined ON merges (joined_article_id) WHERE joined_article_id IS NOT NULL;
CREATE TABLE reports_per_day (    -- the reports of a publisher by the day of `sort_time`
      publisher TEXT NOT NULL,
      day TEXT NOT NULL,
      held INTEGER NOT NULL,          -- stored, whatever keeps them out; without those that were purged
      usable INTEGER NOT NULL,        -- of these, in the view `wire`
      withdrawn INTEGER NOT NULL,     -- of these, withdrawn by their publisher
      backfill INTEGER NOT NULL,      -- of the usable ones, those kept out of `latest`
      PRIMARY KEY (publisher, day)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TRIGGER reports_per_day_report_comes AFTER INSERT ON articles BEGIN 
      INSERT INTO reports_per_day (publisher, day, held, usable, withdrawn, backfill)
      SELECT new.publisher, substr(new.sort_time, 1, 10), 1, (new.status = 'usable' AND new.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = new.publisher AND t.class = new.class AND t.text_scope <> 'none')), (new.status = 'canceled' AND coalesce(new.notice, '') <> 'removed'),
        (new.status = 'usable' AND new.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = new.publisher AND t.class = new.class AND t.text_scope <> 'none')) AND new.backfill
      WHERE coalesce(new.notice, '') <> 'removed'
      ON CONFLICT (publisher, day) DO UPDATE SET held = held + 1, usable = usable + excluded.usable,
        withdrawn = withdrawn + excluded.withdrawn, backfill = backfill + excluded.backfill;
 END;
CREATE TRIGGER reports_per_day_report_changes
    AFTER UPDATE OF publisher, class, sort_time, status, notice, embargoed_until, backfill ON articles
    WHEN old.publisher <> new.publisher OR old.class <> new.class OR old.sort_time <> new.sort_time
      OR old.status <> new.status OR old.notice IS NOT new.notice OR old.embargoed_until IS NOT new.embargoed_until
      OR old.backfill <> new.backfill
    BEGIN 
      UPDATE reports_per_day SET held = held - 1, usable = usable - (old.status = 'usable' AND old.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = old.publisher AND t.class = old.class AND t.text_scope <> 'none')),
        withdrawn = withdrawn - (old.status = 'canceled' AND coalesce(old.notice, '') <> 'removed'),
        backfill = backfill - ((old.status = 'usable' AND old.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = old.publisher AND t.class = old.class AND t.text_scope <> 'none')) AND old.backfill)
      WHERE publisher = old.publisher AND day = substr(old.sort_time, 1, 10) AND coalesce(old.notice, '') <> 'removed';
      DELETE FROM reports_per_day
      WHERE publisher = old.publisher AND day = substr(old.sort_time, 1, 10) AND held = 0;
 
      INSERT INTO reports_per_day (publisher, day, held, usable, withdrawn, backfill)
      SELECT new.publisher, substr(new.sort_time, 1, 10), 1, (new.status = 'usable' AND new.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = new.publisher AND t.class = new.class AND t.text_scope <> 'none')), (new.status = 'canceled' AND coalesce(new.notice, '') <> 'removed'),
        (new.status = 'usable' AND new.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = new.publisher AND t.class = new.class AND t.text_scope <> 'none')) AND new.backfill
      WHERE coalesce(new.notice, '') <> 'removed'
      ON CONFLICT (publisher, day) DO UPDATE SET held = held + 1, usable = usable + excluded.usable,
        withdrawn = withdrawn + excluded.withdrawn, backfill = backfill + excluded.backfill;
 END;
CREATE TRIGGER reports_per_day_report_goes AFTER DELETE ON articles BEGIN 
      UPDATE reports_per_day SET held = held - 1, usable = usable - (old.status = 'usable' AND old.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = old.publisher AND t.class = old.class AND t.text_scope <> 'none')),
        withdrawn = withdrawn - (old.status = 'canceled' AND coalesce(old.notice, '') <> 'removed'),
        backfill = backfill - ((old.status = 'usable' AND old.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = old.publisher AND t.class = old.class AND t.text_scope <> 'none')) AND old.backfill)
      WHERE publisher = old.publisher AND day = substr(old.sort_time, 1, 10) AND coalesce(old.notice, '') <> 'removed';
      DELETE FROM reports_per_day
      WHERE publisher = old.publisher AND day = substr(old.sort_time, 1, 10) AND held = 0;
 END;
CREATE TRIGGER reports_per_day_terms_come AFTER INSERT ON terms
    WHEN EXISTS (SELECT 1 FROM articles WHERE publisher = new.publisher)
    BEGIN 
      DELETE FROM reports_per_day WHERE publisher = new.publisher;
      
      INSERT INTO reports_per_day (publisher, day, held, usable, withdrawn, backfill)
      SELECT a.publisher, substr(a.sort_time, 1, 10) AS day, count(*), sum((a.status = 'usable' AND a.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none'))),
        sum((a.status = 'canceled' AND coalesce(a.notice, '') <> 'removed')), sum((a.status = 'usable' AND a.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none')) AND a.backfill)
      FROM articles AS a WHERE coalesce(a.notice, '') <> 'removed'
 AND a.publisher = new.publisher GROUP BY day;
 END;
CREATE TRIGGER reports_per_day_terms_change AFTER UPDATE OF text_scope ON terms
    WHEN (old.text_scope = 'none') <> (new.text_scope = 'none')
    BEGIN 
      DELETE FROM reports_per_day WHERE publisher = new.publisher;
      
      INSERT INTO reports_per_day (publisher, day, held, usable, withdrawn, backfill)
      SELECT a.publisher, substr(a.sort_time, 1, 10) AS day, count(*), sum((a.status = 'usable' AND a.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none'))),
        sum((a.status = 'canceled' AND coalesce(a.notice, '') <> 'removed')), sum((a.status = 'usable' AND a.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none')) AND a.backfill)
      FROM articles AS a WHERE coalesce(a.notice, '') <> 'removed'
 AND a.publisher = new.publisher GROUP BY day;
 END;
CREATE TRIGGER reports_per_day_terms_go AFTER DELETE ON terms BEGIN 
      DELETE FROM reports_per_day WHERE publisher = old.publisher;
      
      INSERT INTO reports_per_day (publisher, day, held, usable, withdrawn, backfill)
      SELECT a.publisher, substr(a.sort_time, 1, 10) AS day, count(*), sum((a.status = 'usable' AND a.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none'))),
        sum((a.status = 'canceled' AND coalesce(a.notice, '') <> 'removed')), sum((a.status = 'usable' AND a.embargoed_until IS NULL AND EXISTS (
        SELECT 1 FROM terms AS t
        WHERE t.publisher = a.publisher AND t.class = a.class AND t.text_scope <> 'none')) AND a.backfill)
      FROM articles AS a WHERE coalesce(a.notice, '') <> 'removed'
 AND a.publisher = old.publisher GROUP BY day;
 END;
CREATE INDEX changes_taken_back ON changes (seq) WHERE change_kind IN ('withheld', 'withdrawn', 'deleted');
CREATE TABLE tokens (
      token_hash TEXT PRIMARY KEY,  -- SHA-256 of the token, hexadecimal; the token itself is stored nowhere
      name TEXT NOT NULL,  -- of the client
      channels TEXT NOT NULL,  -- with spaces between them: web, feed, api, email
      rate INTEGER NOT NULL CHECK (rate > 0),  -- requests a minute
      created_at TEXT NOT NULL,  -- UTC
      revoked_at TEXT  -- NULL: it is in force
    , desk TEXT CHECK (desk IN ('act', 'read'))) STRICT, WITHOUT ROWID
    ;
CREATE UNIQUE INDEX tokens_in_force ON tokens (name) WHERE revoked_at IS NULL;
CREATE TABLE released_by_day (    -- reports that left, counted each time that one did
      day TEXT NOT NULL,              -- of UTC, 2026-11-22
      publisher TEXT NOT NULL,        -- its key; it may be in no other table any more
      channel TEXT NOT NULL,          -- web, feed, api or email
      reports INTEGER NOT NULL,
      PRIMARY KEY (day, publisher, channel)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE rights_signals (
      signal_id INTEGER PRIMARY KEY,
      publisher TEXT NOT NULL,          -- its key
      article_id INTEGER REFERENCES articles (article_id),  -- whose page said it; NULL: it is of a site or a feed
      signal_form TEXT NOT NULL,        -- content-usage, content-signal, tdmrep, rsl, licence, noai, ai-tokens
      signal_place TEXT NOT NULL,       -- robots, header, file, meta
      url TEXT NOT NULL,                -- where it stood
      about TEXT NOT NULL,              -- the address that it speaks of; of a whole site without a path
      path_pattern TEXT NOT NULL,       -- which paths of the site, as in robots.txt; '': all
      rank INTEGER NOT NULL,            -- its number in the document
      literal TEXT NOT NULL,            -- as it stood, in one line, at most 300 characters
      policy TEXT,                      -- the address of the publisher's terms; NULL: it names none
      origin TEXT NOT NULL,             -- publisher; cdn: Cloudflare wrote it for its customer
      train TEXT NOT NULL,              -- allowed, refused or unstated, like the next two
      input TEXT NOT NULL,
      search TEXT NOT NULL,
      first_seen TEXT NOT NULL,
      last_seen TEXT NOT NULL,          -- to the day
      ended_at TEXT                     -- when it was no longer there; NULL: it was, at the last look
    ) STRICT
    ;
CREATE INDEX rights_signals_of_publisher ON rights_signals (publisher) WHERE article_id IS NULL;
CREATE INDEX rights_signals_of_article ON rights_signals (article_id) WHERE article_id IS NOT NULL;
CREATE TABLE signal_files (         -- documents in which sites say such things: tdmrep.json, RSL
      url TEXT PRIMARY KEY,
      fetched_at TEXT NOT NULL,
      http_status INTEGER,              -- NULL: it did not answer, or robots.txt did not let us ask
      body BLOB NOT NULL                -- as it came, at most 256 kB
    ) STRICT
    ;
CREATE TABLE subscribers (
      subscriber TEXT PRIMARY KEY,    -- its name: that of its file in config/subscribers/
      began_at TEXT NOT NULL,         -- UTC
      began_seq INTEGER NOT NULL,     -- the last line before it, which is not owed; 0: there was none
      seq INTEGER NOT NULL,           -- up to this line all is acknowledged, a dead letter, or not of its selection
      last_seq INTEGER,               -- the last line that was owed and is done with; NULL: there was none
      attempts INTEGER NOT NULL DEFAULT 0,       -- that failed, of the message that is sent now
      attempted_at TEXT,              -- UTC, the last attempt that failed; NULL: there was none
      pause_seconds INTEGER NOT NULL DEFAULT 0,  -- from then to the next attempt
      failing_since TEXT,             -- UTC; NULL: the last message was acknowledged
      error TEXT,                     -- of the last failure, or why nothing can be sent; NULL: all is well
      acknowledged_at TEXT,           -- UTC, the last time; NULL: never
      acknowledged_seq INTEGER,       -- the line that was acknowledged then; NULL: none
      paused_at TEXT,                 -- UTC, by a person; NULL: it is not paused
      ended_at TEXT                   -- UTC, when its server said 410; NULL: it did not
    , told_seq INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID
    ;
CREATE TABLE dead_letters (       -- lines that could not be delivered within three days
      subscriber TEXT NOT NULL REFERENCES subscribers (subscriber) ON DELETE CASCADE,
      seq INTEGER NOT NULL REFERENCES changes (seq),
      at TEXT NOT NULL,               -- UTC, of the last attempt
      attempts INTEGER NOT NULL,
      error TEXT NOT NULL,            -- of the last attempt
      replay_at TEXT,                 -- UTC, when a person asked to send it again; NULL: nobody did
      PRIMARY KEY (subscriber, seq)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE searches (             -- saved searches: files in config/searches/
      search_id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,        -- of its file, without .toml
      words TEXT NOT NULL,              -- as they are typed
      selection TEXT NOT NULL,          -- JSON object: publishers, countries, kinds, groups, languages, classes
      state TEXT NOT NULL CHECK (state IN ('in_force', 'faulty', 'removed')),  -- of its file
      since_seq INTEGER NOT NULL,       -- the ledger's last line when it became what it is: what is older is not told
      told_seq INTEGER NOT NULL,        -- up to this line it is known whom to tell
      match_from INTEGER,               -- revisions behind this one and up to match_to are yet to be looked for in the
      match_to INTEGER,                 --   search index; NULL: none are
      left_at INTEGER,                  -- the last revision when its file became faulty; NULL: it is not
      paused_at TEXT                    -- by a person; NULL: it is not
    , found_seq INTEGER NOT NULL DEFAULT 0) STRICT
    ;
CREATE TABLE hits (                 -- versions of reports whose words a saved search finds
      revision_id INTEGER NOT NULL REFERENCES revisions (revision_id) ON DELETE CASCADE,
      search_id INTEGER NOT NULL REFERENCES searches (search_id) ON DELETE CASCADE,
      PRIMARY KEY (revision_id, search_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE match_queue (          -- versions that no saved search has been tried on yet
      revision_id INTEGER PRIMARY KEY REFERENCES revisions (revision_id) ON DELETE CASCADE
    ) STRICT
    ;
CREATE TRIGGER match_what_is_indexed AFTER INSERT ON search_queue
    WHEN EXISTS (SELECT 1 FROM searches) AND NOT EXISTS (SELECT 1 FROM settings WHERE name = 'are_matched')
    BEGIN
      DELETE FROM hits WHERE revision_id = new.revision_id;
      INSERT OR IGNORE INTO match_queue (revision_id) VALUES (new.revision_id);
    END;
CREATE TABLE tells (                -- who is told of what a saved search finds
      tell_id INTEGER PRIMARY KEY,
      search_id INTEGER NOT NULL REFERENCES searches (search_id) ON DELETE CASCADE,
      whom TEXT NOT NULL,               -- an e-mail address, or a command as one text
      tell TEXT NOT NULL,               -- JSON object: email or command, when, at, on, zone
      in_force INTEGER NOT NULL,        -- 0: it is in the file no more
      since_seq INTEGER NOT NULL,       -- the ledger's last line when it was added: what is older is not told
      UNIQUE (search_id, whom)
    ) STRICT
    ;
CREATE TABLE owed (                 -- reports that somebody is to be told of by the next message
      tell_id INTEGER NOT NULL REFERENCES tells (tell_id) ON DELETE CASCADE,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      owed_kind TEXT NOT NULL CHECK (owed_kind IN ('new', 'corrected', 'taken_back', 'restored')),
      seq INTEGER NOT NULL,             -- the line of the ledger by which it is owed
      PRIMARY KEY (tell_id, article_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE told (                 -- who got which report
      tell_id INTEGER NOT NULL REFERENCES tells (tell_id) ON DELETE CASCADE,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      revision INTEGER NOT NULL,        -- the number of the version
      at TEXT NOT NULL,
      taken_back INTEGER NOT NULL,      -- 1: and was told that it was withdrawn or is held back
      PRIMARY KEY (tell_id, article_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE alert_messages (       -- messages that wait to be sent, or were given up
      message_id INTEGER PRIMARY KEY,
      tell_id INTEGER NOT NULL REFERENCES tells (tell_id) ON DELETE CASCADE,
      token TEXT NOT NULL,              -- of its Message-ID, the same at each attempt
      made_at TEXT NOT NULL,
      attempts INTEGER NOT NULL,        -- that were begun
      attempted_at TEXT,                -- the last of them; NULL: none was
      error TEXT,                       -- of the last one; NULL: there was none, or it was not ended
      given_up_at TEXT                  -- NULL: it is tried again
    ) STRICT
    ;
CREATE INDEX messages_of_tell ON alert_messages (tell_id);
CREATE TABLE alert_items (          -- the reports of a message
      message_id INTEGER NOT NULL REFERENCES alert_messages (message_id) ON DELETE CASCADE,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      owed_kind TEXT NOT NULL,
      PRIMARY KEY (message_id, article_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE source_events (        -- changes of the states of sources, for the feed of the wire's health
      event_id INTEGER PRIMARY KEY,
      at TEXT NOT NULL,
      event TEXT NOT NULL               -- JSON object, as docs/notify.md describes it
    ) STRICT
    ;
CREATE TABLE app_feeds (        -- publishers, as apps know them
      feed_id INTEGER PRIMARY KEY,
      publisher TEXT NOT NULL UNIQUE
    ) STRICT
    ;
CREATE TABLE app_folders (      -- what apps see feeds in
      folder_id INTEGER PRIMARY KEY,
      folder_kind TEXT NOT NULL,    -- country, search
      name TEXT NOT NULL,           -- of a country, its code; of a saved search, its name
      UNIQUE (folder_kind, name)
    ) STRICT
    ;
CREATE TRIGGER app_search_comes AFTER INSERT ON searches
    BEGIN
      INSERT INTO app_folders (folder_kind, name) SELECT 'search', new.name
      WHERE NOT EXISTS (SELECT 1 FROM app_folders WHERE folder_kind = 'search' AND name = new.name);
    END;
CREATE TRIGGER app_feed_comes AFTER INSERT ON publishers BEGIN 
      INSERT INTO app_feeds (publisher) SELECT new.publisher
      WHERE NOT EXISTS (SELECT 1 FROM app_feeds WHERE publisher = new.publisher);

      INSERT INTO app_folders (folder_kind, name) SELECT 'country', new.country
      WHERE NOT EXISTS (SELECT 1 FROM app_folders WHERE folder_kind = 'country' AND name = new.country);
    END;
CREATE TRIGGER app_folder_comes AFTER UPDATE OF country ON publishers BEGIN 
      INSERT INTO app_folders (folder_kind, name) SELECT 'country', new.country
      WHERE NOT EXISTS (SELECT 1 FROM app_folders WHERE folder_kind = 'country' AND name = new.country);
    END;
CREATE TABLE app_readers (      -- tokens by which an app has marked something
      reader_id INTEGER PRIMARY KEY,
      token_hash TEXT NOT NULL UNIQUE REFERENCES tokens (token_hash)
    ) STRICT
    ;
CREATE TABLE app_marks (        -- up to which report all of a publisher's are read
      reader_id INTEGER NOT NULL REFERENCES app_readers (reader_id),
      publisher TEXT NOT NULL,
      read_up_to INTEGER NOT NULL,  -- an article_id
      PRIMARY KEY (reader_id, publisher)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE app_states (       -- reports that are read or not, whatever the mark says, or are starred
      reader_id INTEGER NOT NULL REFERENCES app_readers (reader_id),
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      is_read INTEGER,              -- 1 or 0; NULL: by the mark
      is_starred INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (reader_id, article_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX app_stars ON app_states (reader_id, article_id) WHERE is_starred = 1;
CREATE INDEX app_unread ON app_states (reader_id, article_id) WHERE is_read = 0;
CREATE TRIGGER app_unread_again AFTER INSERT ON changes
    WHEN new.change_kind IN ('corrected', 'withheld', 'withdrawn', 'deleted')
    BEGIN
      INSERT INTO app_states (reader_id, article_id, is_read)
      SELECT reader_id, new.article_id, 0 FROM app_readers WHERE true
      ON CONFLICT (reader_id, article_id) DO UPDATE SET is_read = 0;
    END;
CREATE TABLE closed_channels (  -- channels by which reports of a publisher left before, and leave no longer
      publisher TEXT NOT NULL,
      class TEXT NOT NULL,          -- of the reports
      channel TEXT NOT NULL,        -- web, feed, api, email
      seq INTEGER NOT NULL,         -- the line of the ledger until which they did
      PRIMARY KEY (publisher, class, channel)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX hits_of_search ON hits (search_id, revision_id);
CREATE INDEX articles_by_number ON articles (publisher);
CREATE TABLE publisher_history (  -- what a publisher was, each time until that changed
      publisher TEXT NOT NULL REFERENCES publishers (publisher),  -- its key now
      former_key TEXT NOT NULL,       -- its key then
      name TEXT NOT NULL,
      country TEXT NOT NULL,
      publisher_kind TEXT NOT NULL,
      publisher_group TEXT NOT NULL,
      channels TEXT NOT NULL,         -- by which its reports could be passed on, with a space between them; '': by none
      until_seq INTEGER NOT NULL      -- the last line of the ledger from before the change; 0: not known
    ) STRICT
    ;
CREATE TABLE found (                -- reports that saved searches found
      search_id INTEGER NOT NULL REFERENCES searches (search_id) ON DELETE CASCADE,
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      seq INTEGER NOT NULL,             -- the line of the ledger by which it was found first: from it on all are its
      PRIMARY KEY (search_id, article_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE tags (                -- what was found out about articles, with the evidence
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      made_by TEXT NOT NULL,           -- by which tables and settings; '': its words broke what reads them
      topics TEXT,                     -- JSON array of objects: code, weight, evidence; NULL: none
      countries TEXT                   -- likewise
    ) STRICT
    ;
CREATE TABLE article_topics (
      topic TEXT NOT NULL,             -- code of an IPTC Media Topic
      sort_time TEXT NOT NULL,         -- that of the article
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      weight REAL,                     -- NULL: it is about a narrower one of this topic
      PRIMARY KEY (topic, sort_time, article_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX article_topics_of_article ON article_topics (article_id);
CREATE TABLE article_countries (   -- countries that articles are about
      country TEXT NOT NULL,           -- ISO 3166-1 alpha-2
      sort_time TEXT NOT NULL,         -- that of the article
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      weight REAL NOT NULL,
      PRIMARY KEY (country, sort_time, article_id)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX article_countries_of_article ON article_countries (article_id);
CREATE TRIGGER tags_follow AFTER UPDATE OF sort_time ON articles WHEN old.sort_time <> new.sort_time
    BEGIN
      UPDATE article_topics SET sort_time = new.sort_time WHERE article_id = new.article_id;
      UPDATE article_countries SET sort_time = new.sort_time WHERE article_id = new.article_id;
    END;
CREATE TABLE tag_queue (           -- articles whose newest words have no tags yet
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id)
    ) STRICT
    ;
CREATE TRIGGER former_reading AFTER UPDATE OF class, language, topics, about ON articles
    WHEN old.released_seq IS NOT NULL AND (old.class <> new.class OR old.language IS NOT new.language
      OR old.topics IS NOT new.topics OR old.about IS NOT new.about)
    BEGIN
      INSERT INTO former_readings (article_id, class, language, topics, about, until_seq)
      VALUES (old.article_id, old.class, old.language,
        (SELECT json_group_array(t.topic) FROM article_topics AS t WHERE t.article_id = old.article_id),
        old.about, (SELECT coalesce(max(seq), 0) FROM changes));
    END;
CREATE TABLE pages (              -- reports whose own page was read, or could not be
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      mode TEXT NOT NULL,             -- the key `pages` of its source then: metadata, text
      tried_at TEXT NOT NULL,         -- UTC, the last time
      outcome TEXT NOT NULL,          -- of that: read, withheld (its text may not be taken, or there is none), failed
      reason TEXT,                    -- why, in words; NULL: it was read
      read_at TEXT,                   -- UTC, when it was read last, or withheld; NULL: never yet
      read_as TEXT,                   -- `mode` of that time; NULL: never yet
      revision INTEGER,               -- the version that was in force after that; NULL: never yet
      fields TEXT,                    -- JSON array, what of the report is its page's; NULL: nothing
      evidence TEXT                   -- JSON object, by field the rule by which it was found; NULL: nothing
    ) STRICT
    ;
CREATE INDEX pages_by_time ON pages (tried_at);
CREATE TABLE datelines (            -- where and when reports say that they were written
      article_id INTEGER PRIMARY KEY REFERENCES articles (article_id),
      literal TEXT NOT NULL,            -- as it stands at the start of the text
      places TEXT NOT NULL,             -- JSON array of the places in it, one at least
      country TEXT,                     -- as stated; NULL: it names none
      date TEXT,                        -- ISO 8601 where the year is stated, else as stated; NULL: it names none
      agency TEXT                       -- as stated: an agency, or the publisher; NULL: it names none
    ) STRICT
    ;
CREATE TABLE authors (              -- persons and organisations that bylines name
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      place INTEGER NOT NULL,           -- among those of the report, from 0
      name TEXT NOT NULL,               -- as stated, without title
      author_kind TEXT NOT NULL,        -- person or organisation
      role TEXT NOT NULL,               -- author, reporting, editing ...; see `Role` in aggregator/model/who.py
      title TEXT,                       -- what the person is; NULL: not said
      city TEXT,                        -- where the person writes from; NULL: not said
      organisation TEXT,                -- for whom the person works; NULL: not said
      found_in TEXT NOT NULL,           -- byline or text
      PRIMARY KEY (article_id, place)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE agencies (             -- agencies that reports name as their sources, and the evidence
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      place INTEGER NOT NULL,           -- among those of the report, from 0
      name TEXT NOT NULL,               -- in full
      agency_kind TEXT NOT NULL,        -- news, pictures or releases
      stated TEXT NOT NULL,             -- how the report names it
      found_in TEXT NOT NULL,           -- dateline, byline, credit or text
      words TEXT NOT NULL,              -- that dateline, byline or credit
      PRIMARY KEY (article_id, place)
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE pictures (
      publisher TEXT NOT NULL REFERENCES publishers (publisher),
      url TEXT NOT NULL,              -- where its publisher has it, as in `media`
      picture_state TEXT NOT NULL,    -- waiting, copied, failed, no_picture, too_small, over_limit: docs/pictures.md
      next_at TEXT,                   -- when it is fetched, or tried again; NULL: it is not
      attempts INTEGER NOT NULL,      -- that failed
      error TEXT,                     -- what went wrong last; NULL: nothing did
      fetched_at TEXT,                -- when the copy was made; NULL: there is none
      digest TEXT,                    -- SHA-256 of the bytes that were received, hexadecimal; NULL: there is no copy
      sizes TEXT,                     -- of its files: JSON array of [width, height], smallest first; NULL: no copy
      bytes INTEGER,                  -- that its files take; NULL: there is no copy
      PRIMARY KEY (publisher, url)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX pictures_due ON pictures (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX pictures_by_digest ON pictures (digest, fetched_at, bytes) WHERE digest IS NOT NULL;
CREATE TABLE picture_uses (
      article_id INTEGER NOT NULL REFERENCES articles (article_id),  -- which may show the copy
      url TEXT NOT NULL,
      publisher TEXT NOT NULL REFERENCES publishers (publisher),
      PRIMARY KEY (article_id, url),
      FOREIGN KEY (publisher, url) REFERENCES pictures (publisher, url)
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX picture_uses_of_picture ON picture_uses (publisher, url);
CREATE TABLE picture_removals (
      digest TEXT PRIMARY KEY,        -- of a picture of which no copy is wanted any more
      removed_at TEXT                 -- when its files were removed; NULL: they are to be removed
    ) STRICT, WITHOUT ROWID
    ;
CREATE INDEX picture_removals_due ON picture_removals (digest) WHERE removed_at IS NULL;
CREATE TRIGGER picture_uses_end AFTER DELETE ON picture_uses
    WHEN NOT EXISTS (SELECT 1 FROM picture_uses WHERE publisher = OLD.publisher AND url = OLD.url)
    BEGIN
      DELETE FROM pictures WHERE publisher = OLD.publisher AND url = OLD.url;
    END;
CREATE TRIGGER pictures_end AFTER DELETE ON pictures WHEN OLD.digest IS NOT NULL
    BEGIN
      INSERT OR REPLACE INTO picture_removals (digest, removed_at) VALUES (OLD.digest, NULL);
    END;
CREATE TRIGGER pictures_change AFTER UPDATE OF digest ON pictures
    WHEN OLD.digest IS NOT NULL AND OLD.digest IS NOT NEW.digest
    BEGIN
      INSERT OR REPLACE INTO picture_removals (digest, removed_at) VALUES (OLD.digest, NULL);
    END;
CREATE TABLE taken (
      taken_id INTEGER PRIMARY KEY,
      taken_key TEXT NOT NULL UNIQUE,   -- 80 random bits, of the address where its words are copied from
      article_id INTEGER NOT NULL REFERENCES articles (article_id),
      revision INTEGER NOT NULL,        -- the number of the version
      format TEXT NOT NULL,             -- html, text or ninjs
      medium TEXT NOT NULL,             -- who takes it, as written there
      contact TEXT NOT NULL,            -- e-mail or page, as written there
      published_in TEXT,                -- where it will be published, as written there; NULL: not said
      at TEXT NOT NULL,
      told_at TEXT                      -- when its publisher was told by e-mail; NULL: it was not
    ) STRICT
    ;
CREATE INDEX taken_of_article ON taken (article_id);
CREATE INDEX taken_by_time ON taken (at);
CREATE TABLE taken_letters (        -- e-mails to publishers about what was taken of theirs
      publisher TEXT PRIMARY KEY REFERENCES publishers (publisher),
      attempted_at TEXT NOT NULL,       -- when the last one was sent, or tried
      attempts INTEGER NOT NULL,        -- that failed since one was sent
      error TEXT                        -- why the last one failed; NULL: it was sent, or is being sent
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE letters (                 -- e-mails about complaints: to the desk, and to those who complained
      letter_id INTEGER PRIMARY KEY,
      letter_kind TEXT NOT NULL,           -- matter or more: to the desk; receipt or outcome: to who complained
      complaint_id INTEGER NOT NULL REFERENCES complaints (complaint_id),  -- the first that it is about
      recipient TEXT,                      -- NULL: it is over
      subject TEXT,                        -- NULL: it is over
      text TEXT,                           -- NULL: it is over
      token TEXT NOT NULL,                 -- of its Message-ID
      letter_state TEXT NOT NULL,          -- waiting, sent, given_up
      made_at TEXT NOT NULL,
      attempts INTEGER NOT NULL,           -- that were begun
      attempted_at TEXT,                   -- the last of them; NULL: none was
      error TEXT,                          -- of the last; NULL: there was none
      ended_at TEXT                        -- when it was sent or given up; NULL: it waits
    ) STRICT
    ;
CREATE INDEX letters_waiting ON letters (letter_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX complaints_by_reference ON complaints (reference_hash) WHERE reference_hash IS NOT NULL;
CREATE INDEX complaints_open ON complaints (article_id) WHERE resolved_at IS NULL;
CREATE INDEX complaints_of_form ON complaints (received_at, article_id) WHERE came_by = 'form';
CREATE INDEX complaints_untold ON complaints (complaint_id) WHERE came_by = 'form' AND letter_id IS NULL AND resolved_at IS NULL AND erased_at IS NULL;
CREATE INDEX complaints_to_tell ON complaints (complaint_id) WHERE email IS NOT NULL AND told_at IS NULL AND resolved_at IS NOT NULL;
CREATE TABLE desk_sessions (
      session_hash TEXT PRIMARY KEY,     -- SHA-256 of what the browser sends, hexadecimal
      token_hash TEXT NOT NULL REFERENCES tokens (token_hash),  -- of the person
      began_at TEXT NOT NULL,            -- UTC
      ends_at TEXT NOT NULL,             -- UTC; it may end sooner: then the row is deleted
      is_by_proxy INTEGER NOT NULL       -- 1: a proxy said who it is, and says so at every request; 0: by the token
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE figures (              -- what was counted of a day once it was over; a row does not change any more
      day TEXT PRIMARY KEY,             -- of UTC, 2026-11-22
      counted_at TEXT NOT NULL,
      polls INTEGER NOT NULL,           -- that began on this day
      polls_failed INTEGER NOT NULL,    -- of these; without those that nobody answered at all
      entries INTEGER NOT NULL,         -- of the documents that were read, each time that one was listed
      new INTEGER NOT NULL,             -- of these, new reports
      revised INTEGER NOT NULL,         -- of these, new versions of known reports
      unchanged INTEGER NOT NULL,       -- of these, known ones that said nothing new
      left_out TEXT,                    -- JSON object, the others by reason; NULL: none
      gaps INTEGER NOT NULL,            -- polls whose document did not reach back to the one before
      gaps_closed INTEGER NOT NULL,     -- of these, by reading older pages
      joins INTEGER NOT NULL,           -- entries that were taken for a report that was known by another key
      joins_undone INTEGER NOT NULL,    -- that were undone on this day
      to_wire_reports INTEGER NOT NULL,       -- new reports of which the publisher's date can be compared
      to_wire_median REAL,              -- seconds from that date to first sight; NULL: of no report
      to_wire_99 REAL,                  -- 99 of 100 took no longer; NULL: of no report
      to_subscriber_messages INTEGER,   -- confirmed messages about new reports; NULL: not recorded
      to_subscriber_median REAL,        -- seconds from the ledger's line to the confirmation; NULL: of no message
      to_subscriber_99 REAL,            -- 99 of 100 took no longer; NULL: of no message
      in_all_messages INTEGER,          -- of these, where the publisher's date can be compared; NULL: not recorded
      in_all_median REAL,               -- seconds from that date to the confirmation; NULL: of no message
      in_all_99 REAL,                   -- 99 of 100 took no longer; NULL: of no message
      taken_back INTEGER NOT NULL,      -- lines of the ledger by which reports left the wire
      taken_back_messages INTEGER,      -- that subscribers were owed about these; NULL: not recorded
      taken_back_in_2_seconds INTEGER,  -- of these, confirmed within two seconds; NULL: not recorded
      taken_back_unconfirmed INTEGER    -- of these, not confirmed within a quarter of an hour; NULL: not recorded
    ) STRICT, WITHOUT ROWID
    ;
CREATE TABLE confirmations (        -- messages that subscribers confirmed, until their day's figures are counted
      seq INTEGER NOT NULL REFERENCES changes (seq),  -- the line that the message was about
      subscriber TEXT NOT NULL,         -- its name
      seconds REAL NOT NULL,            -- from the line to the confirmation
      PRIMARY KEY (seq, subscriber)
    ) STRICT, WITHOUT ROWID
    ;
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0001_the_wire_runs');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0002_one_of_each');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0003_the_poller');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0003a_what_it_lacked');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0004_addresses');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0005_redirects');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0006_fit_to_leave');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0007_the_ledger');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0008_pending_changes');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0009_let_go');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0010_rights_in_force');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0011_time');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0012_claims');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0013_daily');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0014_held_words');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0015_trust');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0016_plain_words');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0017_media');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0018_old_names');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0019_poll_days');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0020_excerpts');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0021_plans');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0022_kept');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0023_renamed_publishers');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0024_notified');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0025_health');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0026_cursors');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0027_accents');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0028_joins');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0029_way_out');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0031_tokens');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0032_released');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0033_signals');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0034_subscribers');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0035_searches');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0036_apps');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0037_chosen_by');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0038_found');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0039_tags');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0040_pages');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0041_who');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0042_pictures');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0043_purged_signals');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0044_taken');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0045_complaints');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0046_people');
INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('aggregator', '0047_figures');
PRAGMA application_id = 1097295730;
