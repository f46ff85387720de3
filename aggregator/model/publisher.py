"""Who publishes, under which terms, and how it is polled: what people write in config/."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

from msgspec import Struct, field

from aggregator.model.channel import Channel
from aggregator.model.saved_search import SavedSearch
from aggregator.model.selection import ALL_REPORTS, Selection
from aggregator.model.tags import TagSettings

Kind = Literal[
    "newspaper",
    "magazine",
    "news_site",
    "broadcaster",
    "agency",
    "press_release_service",
    "ngo",
    "government",
    "intergovernmental",
    "academic",
    "think_tank",
    "church",
    "company",
    "blog",
    "individual",
    "own",
]
Group = Literal["news_organization", "institution", "individual", "own"]
Relationship = Literal["own", "partner", "open_licence", "public_body", "press_release", "none"]
Basis = Literal["own", "agreement", "open_licence", "public_domain", "statutory", "press_release", "quotation", "none"]
TextScope = Literal["none", "headline_only", "excerpt", "full_text"]
Edits = Literal["none", "style_only", "licensed"]
Translation = Literal["no", "with_label", "licensed"]
CommercialUse = Literal["yes", "no", "not_sold_separately", "ask"]
SystematicRepublication = Literal["yes", "no", "unstated"]
ImageScope = Literal["none", "per_image_licence", "same_as_text", "agreement"]
Storage = Literal["keep", "metadata_only", "transient"]
AiUse = Literal["allowed", "search_only", "prohibited", "unstated"]
# What a machine may do with a report: learn from it (train), read it to answer somebody (input), list it (search).
Use = Literal["train", "input", "search"]
UseState = Literal["allowed", "refused", "unstated"]
Index = Literal["index", "noindex"]
Canonical = Literal["publisher", "self", "none"]
OnMissing = Literal["keep", "suspend", "withdraw"]
ItemClass = Literal["news", "analysis", "opinion", "interview", "press_release", "document", "notice", "own_report"]
OnGone = Literal["withdraw", "suspend"]
# What is read of a report's own page. metadata: who wrote it, when, its categories and media; text: its text, too.
PagesMode = Literal["none", "metadata", "text"]
# What a message holds. thin: number, kind and id; report: the report as the API gives it; ninjs: the report so.
MessageFormat = Literal["thin", "report", "ninjs"]
GROUP_OF_KIND: Mapping[Kind, Group] = {
    "newspaper": "news_organization",
    "magazine": "news_organization",
    "news_site": "news_organization",
    "broadcaster": "news_organization",
    "agency": "news_organization",
    "press_release_service": "institution",
    "ngo": "institution",
    "government": "institution",
    "intergovernmental": "institution",
    "academic": "institution",
    "think_tank": "institution",
    "church": "institution",
    "company": "institution",
    "blog": "individual",
    "individual": "individual",
    "own": "own",
}


class Uses(Struct, frozen=True, kw_only=True):
    """The three uses by machines, each on its own."""

    train: UseState = "unstated"
    input: UseState = "unstated"
    search: UseState = "unstated"


# What `ai_use` is short for.
AI_USES: Mapping[AiUse, Uses] = {
    "allowed": Uses(train="allowed", input="allowed", search="allowed"),
    "search_only": Uses(train="refused", input="refused", search="allowed"),
    "prohibited": Uses(train="refused", input="refused", search="refused"),
    "unstated": Uses(),
}
IdTrust = Literal["learned", "trusted", "ignored"]
DISCOVER = "discover"  # the kind of a source of which only the site is known


class IdentityRules(Struct, frozen=True, kw_only=True):
    """`[identity]` of a publisher's file: what of its ids and addresses says which report an entry is."""

    ids: IdTrust = "learned"  # from its documents; trusted: always believed; ignored: never
    ignore_parameters: tuple[str, ...] = ()  # of the query, that say nothing of the page; `from_*`: all that begin so
    keep_parameters: tuple[str, ...] | None = None  # only these say anything of it; None: all do
    strip_path_prefixes: tuple[str, ...] = ()  # `/print`, `/sport`: the page is the same without
    same_hosts: tuple[str, ...] = ()  # that serve the same pages as the first of them


LEARNED = IdentityRules()  # of a publisher whose file says nothing


class FetchSettings(Struct, frozen=True, kw_only=True):
    """`[fetch]` of wire.toml: how hard the wire may knock."""

    concurrency: int = 64  # whole bodies in hand, and large ones on their way; eight times as many are awaited
    per_domain_concurrency: int = 2
    per_domain_spacing: timedelta = timedelta(seconds=2)  # between two starts at one registrable domain
    timeout: timedelta = timedelta(seconds=30)  # the whole request, redirects and body included
    max_body_bytes: int = 16_777_216  # after decompression
    allow_addresses: tuple[str, ...] = ()  # CIDR blocks that may be reached although private


class PollSettings(Struct, frozen=True, kw_only=True):
    """`[poll]` of wire.toml: how often a source is asked when it says nothing itself."""

    every: timedelta = timedelta(minutes=30)
    shortest: timedelta = timedelta(minutes=5)
    longest: timedelta = timedelta(days=1)
    requests_per_hour: float | None = None  # of sources without an interval of their own; None: what `every` comes to
    accept_discovered: bool = False  # whether a feed that was found is polled before a person wrote it down
    unconditional_every: int = 20  # of so many polls one sends no validators, because some servers' lie
    most_new_per_poll: int = 200  # new reports; what one poll adds beyond it is stored as backfill
    most_new_per_day: int = 500  # of a publisher, by the day they are listed under; likewise


class StoreSettings(Struct, frozen=True, kw_only=True):
    """`[store]` of wire.toml: how long the database keeps what is no report."""

    keep_polls: timedelta = timedelta(days=30)  # each poll that brought nothing; then they are counted by day


class PicturesSettings(Struct, frozen=True, kw_only=True):
    """`[pictures]` of wire.toml: copies of pictures."""

    most_bytes: int = 10_000_000_000  # of all files; the oldest copies are given up beyond; 0: no copies are made


class ServeSettings(Struct, frozen=True, kw_only=True):
    """`[serve]` of wire.toml: where and for whom `serve` answers."""

    host: str = "127.0.0.1"
    port: int = 8080
    hosts: tuple[str, ...] = ()  # names of this server, beside that of the wire's own address
    trusted_proxies: tuple[str, ...] = ()  # CIDR blocks, whose X-Forwarded-For is believed
    hub: Template | None = None  # of WebSub, that is told which feeds have changed


class DeskSettings(Struct, frozen=True, kw_only=True):
    """`[desk]` of wire.toml: who works at the desk in a browser."""

    user_header: str | None = None  # by which `trusted_proxies` say who it is; None: people sign in by their tokens


class NotifySettings(Struct, frozen=True, kw_only=True):
    """`[notify]` of wire.toml: what is run when the state of a source changes."""

    command: tuple[str, ...] = ()  # the program and its arguments; (): nothing is run
    timeout: timedelta = timedelta(seconds=10)


class EngineSettings(Struct, frozen=True, kw_only=True):
    """`[engine]` of wire.toml: how workers on several machines share a database of PostgreSQL."""

    lost_after: timedelta = timedelta(seconds=30)  # without a sign of life, a worker's tasks and places are others'


MailSecurity = Literal["starttls", "tls", "none"]


class Template(Struct, frozen=True):
    """Text of the operator's own files in which `${NAME}` stands for a variable of the environment. It is filled in for
    one request alone, so that no secret is stored or logged. Only `config` makes one: what came over the network stays
    `str`, which nothing fills in.
    """

    text: str


class MailSettings(Struct, frozen=True, kw_only=True):
    """`[mail]` of wire.toml: the server that takes the wire's e-mails (SMTP, RFC 5321)."""

    host: str
    port: int
    security: MailSecurity
    sender: str  # the address that e-mails are from
    user: str | None = None  # None: the server asks for none
    password: Template | None = None
    timeout: timedelta = timedelta(seconds=30)  # for one e-mail


# Kinds of complaint for which a report may be withheld first, and looked at then.
WithheldFirst = Literal["privacy", "safety"]


class ComplaintSettings(Struct, frozen=True, kw_only=True):
    """`[complaints]` of wire.toml: how long the desk keeps what people wrote to it, and what is done at once."""

    keep: timedelta = timedelta(days=365)  # after a complaint was resolved; then its words are erased
    # Kinds for which a complaint that comes by the form withholds its report before a person has looked.
    withhold_at_once: tuple[WithheldFirst, ...] = ()


class TakeSettings(Struct, frozen=True, kw_only=True):
    """`[take]` of wire.toml: how long it is known who took which report."""

    keep: timedelta = timedelta(days=365)


class Wire(Struct, frozen=True, kw_only=True):
    """The wire itself: who asks, who answers for it, where complaints go."""

    name: str
    url: str
    publisher: str  # the key of the wire's own publisher
    user_agent: str
    robots_token: str  # the product token of RFC 9309
    complaints_url: str
    complaints_email: str
    timezone: str = "UTC"  # of the IANA database: in it people are told times; see text.timezones
    statement: str | None = None  # a Markdown file beside wire.toml: the operator's words on /about; None: no file
    fetch: FetchSettings = FetchSettings()
    poll: PollSettings = PollSettings()
    store: StoreSettings = StoreSettings()
    pictures: PicturesSettings = PicturesSettings()
    complaints: ComplaintSettings = ComplaintSettings()
    take: TakeSettings = TakeSettings()
    serve: ServeSettings = ServeSettings()
    desk: DeskSettings = DeskSettings()
    notify: NotifySettings = NotifySettings()
    engine: EngineSettings = EngineSettings()
    mail: MailSettings | None = None  # None: no e-mails are sent


class Images(Struct, frozen=True, kw_only=True):
    scope: ImageScope
    hotlink: bool = False


class Corrections(Struct, frozen=True, kw_only=True):
    """What happens to our copy when the publisher's is missing (404) or gone (410)."""

    on_missing: OnMissing
    on_gone: OnGone


class Rights(Struct, frozen=True, kw_only=True):
    """What the wire may do with a publisher's words. Text rights never flow to pictures."""

    relationship: Relationship
    basis: Basis
    text_scope: TextScope
    credit: str  # template; see rights.CREDIT_FIELDS
    excerpt_max_words: int = 60
    licence: str | None = None  # an SPDX id, or LicenseRef-...
    licence_url: str | None = None
    copyright_holder: str | None = None
    copyright_notice: str | None = None  # template, like credit
    edits: Edits = "none"
    translation: Translation = "no"
    commercial_use: CommercialUse = "ask"
    systematic_republication: SystematicRepublication = "unstated"
    images: Images = Images(scope="none")
    storage: Storage = "keep"
    retention_days: int | None = None  # with storage = "transient": how long the words may stay
    redistribute: tuple[Channel, ...] = ("web", "feed", "api", "email")
    ai_use: AiUse | Uses = "unstated"
    index: Index = "noindex"
    canonical: Canonical = "publisher"
    corrections: Corrections = Corrections(on_missing="suspend", on_gone="withdraw")
    expires: date | None = None  # the last day of an agreement; after it the text falls to an excerpt
    terms_checked: date | None = None  # the day a person read the publisher's terms; None: nobody has
    tracking_pixel: str | None = None  # an https URL template that the publisher requires beside full text


class Contact(Struct, frozen=True, kw_only=True):
    corrections: str | None = None  # an e-mail address or a page
    permissions: str | None = None
    technical: str | None = None
    tell_taken: bool = False  # whether its publisher gets an e-mail about reports that others take from the wire

    @property
    def mailbox(self) -> str | None:
        """The e-mail address for permissions, else for corrections; None: neither is one."""
        return next((each for each in (self.permissions, self.corrections) if each and "://" not in each), None)


class Credentials(Struct, frozen=True, kw_only=True):
    """What a private source asks for beside its address."""

    username: Template | None = None  # with `password`: Basic (RFC 7617)
    password: Template | None = None
    bearer: Template | None = None  # RFC 6750


class Access(Struct, frozen=True, kw_only=True):
    """How the operator's file opens a private source. All of it belongs to the origin of `url`, whose host and port are
    never templates, and goes nowhere else.
    """

    url: Template
    credentials: Credentials | None = None  # None: `url` has all there is


class SourceRules(Struct, frozen=True, kw_only=True):
    """Which of a source's new reports come into the wire. Each rule that is set must be satisfied; see
    `text.source_rules`.
    """

    include_words: tuple[str, ...] = ()
    exclude_words: tuple[str, ...] = ()
    include_categories: tuple[str, ...] = ()
    exclude_categories: tuple[str, ...] = ()


class Source(Struct, frozen=True, kw_only=True):
    """One address that we poll. Never called a feed: a feed is what the wire writes."""

    publisher: str  # the publisher's key
    key: str  # unique within the publisher
    url: str  # as it is stored and shown; asked as it stands, unless it is the one of `access`
    kind: str = "feed"  # a row of parse.PARSERS; discover: a homepage whose feed is sought, which nobody polls
    item_class: ItemClass = "news"
    every: timedelta | None = None  # None: the wire's [poll] every_minutes
    enabled: bool = True
    reason: str | None = None  # why it is switched off
    access: Access | None = None  # None: public, or not read from the files
    rules: SourceRules | None = None  # None: all its reports come in
    pages: PagesMode = "none"  # what is read of its reports' own pages

    @property
    def name(self) -> str:
        """`publisher/key`, the source's name on the command line and in the database."""
        return f"{self.publisher}/{self.key}"


class Publisher(Struct, frozen=True, kw_only=True):
    """Who stands behind a report and is named above it."""

    key: str
    name: str
    place: str | None = None  # the city; None: not known, and the name stands alone above a report
    country: str  # ISO 3166-1 alpha-2; XA: all of Africa; XW: the world
    kind: Kind
    languages: tuple[str, ...]  # BCP 47
    homepage: str
    rights: Rights
    profile: str | None = None  # of rights.toml, where its rights begin; None: made by a program
    contact: Contact = Contact()
    stance: str | None = None  # how it describes itself, such as "the youth wing of a party"; None: nothing is said
    stance_source: str | None = None  # where it does: an https address; None: there is no stance
    disclaimers: Mapping[str, str] = field(default_factory=dict)  # overrides of the wire's default texts, by name
    sources: tuple[Source, ...] = ()
    identity: IdentityRules = LEARNED
    catalogue: str | None = None  # KEY@DIGEST of the catalogue's version that its file was copied from
    former_keys: tuple[str, ...] | None = None  # the first one first; (): it never had another; None: unsaid
    enabled: bool = True  # False: none of its sources is polled, and none of its pages visited
    reason: str | None = None  # why it is switched off
    tags: TagSettings = field(default_factory=TagSettings)

    @property
    def first_key(self) -> str:
        """The key that it had first, of which the ids of its reports are made, so that they outlast all others."""
        return self.former_keys[0] if self.former_keys else self.key

    @property
    def group(self) -> Group:
        return GROUP_OF_KIND[self.kind]


class Subscriber(Struct, frozen=True, kw_only=True):
    """Whom a file in config/subscribers/ names: a program that is sent each change of a selection, as a webhook."""

    name: str  # of its file, without `.toml`
    url: Template  # path and query may have `${NAME}`
    secrets: tuple[Template, ...]  # each signs; the first is the one in force
    selection: Selection = ALL_REPORTS
    channel: Channel = "api"
    format: MessageFormat = "thin"
    from_beginning: bool = False  # False: what comes after it was added
    enabled: bool = True
    contact: str | None = None  # whom to tell when it takes nothing; None: not known


class Faulty(Struct, frozen=True, kw_only=True):
    """A publisher whose file has faults: it is not polled, and what is stored of it stays under its last terms. Or a
    subscriber or a saved search whose file has: nothing is sent, and what is owed stays owed.
    """

    key: str
    file: str  # relative to the configuration folder
    faults: tuple[str, ...]  # each a line; those of its rights profile, too
    is_undecided: bool = False  # nothing is wrong with the file; a person has to say whose the reports are


class Config(Struct, frozen=True, kw_only=True):
    """What stands in config/, read and checked."""

    wire: Wire
    publishers: tuple[Publisher, ...]  # those without a fault, sorted by key
    faulty: tuple[Faulty, ...] = ()  # the others
    faults: tuple[str, ...] = ()  # all of them, and of subscribers, each a line, in the order of the files
    # Faults that forbid only to ask real sites: keys by which the wire is known, that have the values of an example.
    placeholders: tuple[str, ...] = ()
    placeholders_forbid_polling: bool = False  # not where only servers of this network are polled, as in a test
    warnings: tuple[str, ...] = ()  # what is no fault, and yet somebody should look at; each a line
    digest: str | None = None  # of its files; see `pipeline.cached`; None: not known
    signature: str = ""  # of their sizes and times, before they were read; '': not known
    subscribers: tuple[Subscriber, ...] = ()  # those without a fault, sorted by name
    faulty_subscribers: tuple[Faulty, ...] = ()  # the others; `key` is the name
    searches: tuple[SavedSearch, ...] = ()  # those without a fault, sorted by name
    faulty_searches: tuple[Faulty, ...] = ()  # the others; `key` is the name


class Terms(Struct, frozen=True, kw_only=True):
    """What must stand beside every report of one class of one publisher; `{original_url}` is left to fill in."""

    credit: str
    disclaimer: str
    text_scope: TextScope
    licence: str | None
    copyright_notice: str | None
    complaints_url: str
    channels: tuple[Channel, ...]  # by which a report may be passed on, in the order of `Channel`; (): by none
    excerpt_max_words: int  # a stored excerpt of more words does not leave
